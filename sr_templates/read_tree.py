"""Finding one's way in the content tree of a report, whoever wrote it: what is missing is named, nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from pydicom.dataset import Dataset

from scoring.coded_concept import CodedConcept
from scoring.errors import RheumascoreError
from scoring.result import Box, Side
from sr_templates import codes
from sr_templates.errors import ForeignReportError
from sr_templates.regions import box_from_corners

Key = tuple[str, str]
"""Code value and scheme: the meaning may be told otherwise."""


@contextmanager
def reading(part: str) -> Iterator[None]:
    """Whatever a broken dataset raises while it is read becomes a ForeignReportError that names the part."""
    try:
        yield
    except RheumascoreError:
        raise
    except Exception as error:  # pydicom converts values when they are touched, and raises many kinds on broken ones
        raise ForeignReportError(f"{part} of the report cannot be read ({type(error).__name__}).") from None


def key_of(concept: CodedConcept) -> Key:
    """What two codes are compared by."""
    return concept.value, concept.scheme


def name_of(item: Dataset) -> Key:
    """The concept name of a content item; empty when it has none."""
    names = item.get("ConceptNameCodeSequence") or ()
    return (str(names[0].get("CodeValue")), str(names[0].get("CodingSchemeDesignator"))) if names else ("", "")


def children(parent: Dataset) -> list[Dataset]:
    """The items below a content item."""
    return list(parent.get("ContentSequence") or ())


def named(parent: Dataset, *path: CodedConcept) -> Iterator[Dataset]:
    """Items below ``parent`` that carry these names, one for each level."""
    for item in children(parent):
        if name_of(item) == key_of(path[0]):
            if len(path) == 1:
                yield item
            else:
                yield from named(item, *path[1:])


def only(parent: Dataset, name: CodedConcept, where: str) -> Dataset:
    """The one item of this name; ForeignReportError when there are none or several."""
    found = list(named(parent, name))
    if len(found) != 1:
        raise ForeignReportError(f"{where} of the report has {len(found)} items {name.meaning!r}; wanted one.")
    return found[0]


def texts(parent: Dataset, name: CodedConcept) -> list[str]:
    """The words of every TEXT item of this name."""
    return [str(item.get("TextValue") or "") for item in named(parent, name)]


def code_of(item: Dataset) -> CodedConcept:
    """The value of a CODE item."""
    values = item.get("ConceptCodeSequence") or ()
    if not values:
        raise ForeignReportError("A CODE item of the report has no code.")
    return concept_of(values[0])


def concept_of(item: Dataset) -> CodedConcept:
    """One item of a code sequence; long and URN codes count as codes too (PS3.3 8.1)."""
    value = next((item.get(k) for k in ("CodeValue", "LongCodeValue", "URNCodeValue") if item.get(k)), "")
    return CodedConcept(str(value), str(item.get("CodingSchemeDesignator", "")), str(item.get("CodeMeaning", "")))


def number_of(item: Dataset) -> float | None:
    """The value of a NUM item, exact where it is written so; None when it has no value."""
    measured = item.get("MeasuredValueSequence") or ()
    if not measured:
        return None
    exact = measured[0].get("FloatingPointValue")
    return float(measured[0].NumericValue if exact is None else exact)


def laterality_of(site: Dataset) -> Side | None:
    """The side that modifies a finding site; None when it has none, or both."""
    for item in named(site, codes.LATERALITY):
        for side, concept in codes.LATERALITIES.items():
            if key_of(concept) == key_of(code_of(item)):
                return cast("Side | None", side)
    return None


def referenced_uid(item: Dataset) -> str:
    """SOP Instance UID that an IMAGE or COMPOSITE item refers to; empty when it has none."""
    references = item.get("ReferencedSOPSequence") or ()
    return str(references[0].get("ReferencedSOPInstanceUID") or "") if references else ""


def region_of(item: Dataset) -> tuple[str, Box]:
    """Image and bounding box of an SCOORD item, in pixels counted from the centre of the first one."""
    points = [float(value) for value in item.get("GraphicData") or ()]
    images = [uid for child in children(item) if (uid := referenced_uid(child))]
    if len(points) < 2 or len(points) % 2 or not images:
        raise ForeignReportError("A region of the report has no image or no points.")
    across, down = points[0::2], points[1::2]
    if item.get("GraphicType") == "CIRCLE" and len(points) == 4:
        radius = ((across[1] - across[0]) ** 2 + (down[1] - down[0]) ** 2) ** 0.5
        across, down = [across[0] - radius, across[0] + radius], [down[0] - radius, down[0] + radius]
    return images[0], box_from_corners((min(across), min(down), max(across), max(down)))
