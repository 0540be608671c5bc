"""Content items of a Structured Report (PS3.3 C.17.3) as plain datasets, one function for each value type.

Written straight into pydicom datasets: a report of two hands takes a fifth of the time that highdicom's checked
classes need. What those classes would check is checked once on the finished object, by ``iod_check``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, Literal

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from scoring.coded_concept import CodedConcept
from scoring.result import Box

Relation = Literal["CONTAINS", "HAS CONCEPT MOD", "HAS OBS CONTEXT", "HAS ACQ CONTEXT", "SELECTED FROM"]

_LONGEST_DECIMAL: Final = 16
"""Characters of a Decimal String (PS3.5 6.2)."""


@lru_cache(maxsize=1024)
def code_item(concept: CodedConcept) -> Dataset:
    """One item of a code sequence. The same concept is the same item, used over and over: never change it.

    A report of two hands names concepts 1,200 times; making each once saved a fifth of the time to write it.
    """
    item = Dataset()
    item.CodeValue = concept.value
    item.CodingSchemeDesignator = concept.scheme
    item.CodeMeaning = concept.meaning
    return item


def container(
    name: CodedConcept, children: Iterable[Dataset], relation: Relation | None = "CONTAINS", template: str | None = None
) -> Dataset:
    """A CONTAINER; ``template`` is the identifier of a template of PS3.16, ``relation`` None only at the root."""
    item = _item("CONTAINER", name, relation, children)
    item.ContinuityOfContent = "SEPARATE"
    if template:
        used = Dataset()
        used.MappingResource = "DCMR"
        used.TemplateIdentifier = template
        item.ContentTemplateSequence = DicomSequence([used])
    return item


def code(
    name: CodedConcept, value: CodedConcept, relation: Relation = "CONTAINS", children: Iterable[Dataset] = ()
) -> Dataset:
    """A CODE item."""
    item = _item("CODE", name, relation, children)
    item.ConceptCodeSequence = DicomSequence([code_item(value)])
    return item


def text(name: CodedConcept, value: str, relation: Relation = "CONTAINS", children: Iterable[Dataset] = ()) -> Dataset:
    """A TEXT item."""
    item = _item("TEXT", name, relation, children)
    item.TextValue = value
    return item


def uidref(name: CodedConcept, uid: str, relation: Relation) -> Dataset:
    """A UIDREF item."""
    item = _item("UIDREF", name, relation)
    item.UID = uid
    return item


def number(
    name: CodedConcept,
    value: float,
    unit: CodedConcept,
    relation: Relation = "CONTAINS",
    children: Iterable[Dataset] = (),
) -> Dataset:
    """A NUM item; a real number also carries its exact value (Floating Point Value, PS3.3 C.18.1)."""
    item = _item("NUM", name, relation, children)
    measured = Dataset()
    if isinstance(value, int):
        measured.NumericValue = str(value)
    else:
        measured.NumericValue = decimal_string(value)
        measured.FloatingPointValue = value
    measured.MeasurementUnitsCodeSequence = DicomSequence([code_item(unit)])
    item.MeasuredValueSequence = DicomSequence([measured])
    return item


def image(
    name: CodedConcept | None,
    sop_class_uid: str,
    sop_instance_uid: str,
    relation: Relation = "CONTAINS",
    children: Iterable[Dataset] = (),
) -> Dataset:
    """An IMAGE item; inside an image library and below a region it needs no name."""
    item = _item("IMAGE", name, relation, children)
    item.ReferencedSOPSequence = DicomSequence([reference(sop_class_uid, sop_instance_uid)])
    return item


def region(name: CodedConcept, box: Box, size: tuple[int, int], image_item: Dataset) -> Dataset:
    """An SCOORD item: the box as a closed POLYLINE on one image of ``size`` (columns, rows).

    ``box`` counts from the centre of the first pixel, Graphic Data from its outer corner (PS3.3 C.18.6.1.1): hence
    the half pixel. What lies outside the image is cut off.
    """
    columns, rows = size
    x0, x1 = (min(max(v + 0.5, 0.0), float(columns)) for v in (box[0], box[2]))
    y0, y1 = (min(max(v + 0.5, 0.0), float(rows)) for v in (box[1], box[3]))
    item = _item("SCOORD", name, "CONTAINS", [image_item])
    item.GraphicType = "POLYLINE"
    item.GraphicData = [x0, y0, x1, y0, x1, y1, x0, y1, x0, y0]
    return item


def reference(sop_class_uid: str, sop_instance_uid: str) -> Dataset:
    """A reference to one instance."""
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class_uid
    item.ReferencedSOPInstanceUID = sop_instance_uid
    return item


def decimal_string(value: float) -> str:
    """The number in at most 16 characters, with as many digits as fit."""
    for digits in range(12, 0, -1):
        written = f"{value:.{digits}g}"
        if len(written) <= _LONGEST_DECIMAL:
            return written
    return f"{value:.0e}"


def _item(
    value_type: str, name: CodedConcept | None, relation: Relation | None, children: Iterable[Dataset] = ()
) -> Dataset:
    item = Dataset()
    if relation is not None:
        item.RelationshipType = relation
    item.ValueType = value_type
    if name is not None:
        item.ConceptNameCodeSequence = DicomSequence([code_item(name)])
    content: Sequence[Dataset] = list(children)
    if content:
        item.ContentSequence = DicomSequence(content)
    return item
