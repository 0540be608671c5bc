"""Content items of a Structured Report (PS3.3 C.17.3) as plain datasets, one function for each value type.

Written straight into pydicom datasets: a report of two hands takes a fifth of the time that highdicom's checked
classes need. What those classes would check is checked once on the finished object, by ``iod_check``.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any, Final, Literal

from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag

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
    return _dataset(CodeValue=concept.value, CodingSchemeDesignator=concept.scheme, CodeMeaning=concept.meaning)


def container(
    name: CodedConcept, children: Iterable[Dataset], relation: Relation | None = "CONTAINS", template: str | None = None
) -> Dataset:
    """A CONTAINER; ``template`` is the identifier of a template of PS3.16, ``relation`` None only at the root."""
    used = [_dataset(MappingResource="DCMR", TemplateIdentifier=template)] if template else None
    return _item("CONTAINER", name, relation, children, ContinuityOfContent="SEPARATE", ContentTemplateSequence=used)


def code(
    name: CodedConcept, value: CodedConcept, relation: Relation = "CONTAINS", children: Iterable[Dataset] = ()
) -> Dataset:
    """A CODE item."""
    return _item("CODE", name, relation, children, ConceptCodeSequence=[code_item(value)])


def text(name: CodedConcept, value: str, relation: Relation = "CONTAINS", children: Iterable[Dataset] = ()) -> Dataset:
    """A TEXT item."""
    return _item("TEXT", name, relation, children, TextValue=value)


def uidref(name: CodedConcept, uid: str, relation: Relation) -> Dataset:
    """A UIDREF item."""
    return _item("UIDREF", name, relation, UID=uid)


def number(
    name: CodedConcept,
    value: float,
    unit: CodedConcept,
    relation: Relation = "CONTAINS",
    children: Iterable[Dataset] = (),
) -> Dataset:
    """A NUM item; a real number also carries its exact value (Floating Point Value, PS3.3 C.18.1)."""
    real = not isinstance(value, int)
    measured = _dataset(
        NumericValue=decimal_string(value) if real else str(value),
        FloatingPointValue=value if real else None,
        MeasurementUnitsCodeSequence=[code_item(unit)],
    )
    return _item("NUM", name, relation, children, MeasuredValueSequence=[measured])


def image(
    name: CodedConcept | None,
    sop_class_uid: str,
    sop_instance_uid: str,
    relation: Relation = "CONTAINS",
    children: Iterable[Dataset] = (),
) -> Dataset:
    """An IMAGE item; inside an image library and below a region it needs no name."""
    instance = reference(sop_class_uid, sop_instance_uid)
    return _item("IMAGE", name, relation, children, ReferencedSOPSequence=[instance])


def composite(name: CodedConcept | None, sop_class_uid: str, sop_instance_uid: str) -> Dataset:
    """A COMPOSITE item: an object that is not an image, such as an earlier report; nameless in a key object only."""
    instance = reference(sop_class_uid, sop_instance_uid)
    return _item("COMPOSITE", name, "CONTAINS", ReferencedSOPSequence=[instance])


def corners(box: Box, size: tuple[int, int]) -> Box:
    """The box in the coordinates of Graphic Data, on an image of ``size`` (columns, rows).

    ``box`` counts from the centre of the first pixel, Graphic Data from its outer corner (PS3.3 C.18.6.1.1): hence
    the half pixel. What lies outside the image is cut off.
    """
    columns, rows = size
    x0, x1 = (min(max(v + 0.5, 0.0), float(columns)) for v in (box[0], box[2]))
    y0, y1 = (min(max(v + 0.5, 0.0), float(rows)) for v in (box[1], box[3]))
    return x0, y0, x1, y1


def region(name: CodedConcept, box: Box, size: tuple[int, int], image_item: Dataset) -> Dataset:
    """An SCOORD item: the box as a closed POLYLINE on one image of ``size`` (columns, rows)."""
    x0, y0, x1, y1 = corners(box, size)
    outline = [x0, y0, x1, y0, x1, y1, x0, y1, x0, y0]
    return _item("SCOORD", name, "CONTAINS", [image_item], GraphicType="POLYLINE", GraphicData=outline)


def reference(sop_class_uid: str, sop_instance_uid: str) -> Dataset:
    """A reference to one instance."""
    return _dataset(ReferencedSOPClassUID=sop_class_uid, ReferencedSOPInstanceUID=sop_instance_uid)


def decimal_string(value: float) -> str:
    """The number in at most 16 characters, with as many digits as fit."""
    for digits in range(12, 0, -1):
        written = f"{value:.{digits}g}"
        if len(written) <= _LONGEST_DECIMAL:
            return written
    return f"{value:.0e}"


def _item(
    value_type: str,
    name: CodedConcept | None,
    relation: Relation | None,
    children: Iterable[Dataset] = (),
    **attributes: Any,
) -> Dataset:
    """A content item; ``attributes``: those of its value type."""
    content = list(children)
    return _dataset(
        RelationshipType=relation,
        ValueType=value_type,
        ConceptNameCodeSequence=[code_item(name)] if name is not None else None,
        ContentSequence=content or None,
        **attributes,
    )


def _dataset(**attributes: Any) -> Dataset:
    """A dataset with those of these attributes that are not None.

    Handed to it in one piece: to set them one after the other would take twice the time of the whole tree.
    """
    elements: dict[BaseTag, DataElement | RawDataElement] = {}
    for keyword, value in attributes.items():
        if value is not None:
            tag, vr = _element_of(keyword)
            elements[tag] = DataElement(tag, vr, value)
    return Dataset(elements)


@cache
def _element_of(keyword: str) -> tuple[BaseTag, str]:
    return Tag(keyword), dictionary_VR(keyword)
