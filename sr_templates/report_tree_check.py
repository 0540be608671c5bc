"""The rules of a Structured Report's content tree (PS3.3 A.35) that our reports rely on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydicom.dataset import Dataset

from sr_templates import codes
from sr_templates.document_forms import SOP_CLASS_OF_FORM
from sr_templates.errors import InvalidObjectError

_VALUE_OF: Final = {
    "CONTAINER": "ContinuityOfContent",
    "CODE": "ConceptCodeSequence",
    "TEXT": "TextValue",
    "NUM": "MeasuredValueSequence",
    "UIDREF": "UID",
    "IMAGE": "ReferencedSOPSequence",
    "COMPOSITE": "ReferencedSOPSequence",
    "SCOORD": "GraphicData",
}
_NAMELESS: Final = ("IMAGE",)
_NOT_WORDS: Final = ("NUM", "SCOORD")
"""Value types that Basic Text must not hold (PS3.3 A.35.1.3)."""
_ALLOWED: Final = {
    "CONTAINS": ("CONTAINER",),
    "HAS OBS CONTEXT": ("CONTAINER",),
    "HAS CONCEPT MOD": ("CONTAINER", "CODE", "NUM", "TEXT"),
    "HAS ACQ CONTEXT": ("IMAGE",),
    "SELECTED FROM": ("SCOORD",),
}
"""Relationship -> value types that may be its source, as every form allows it (PS3.3 A.35.2.3, A.35.3.3)."""


def refuse_invalid_tree(report: Dataset) -> None:
    """Raise InvalidObjectError naming the content item that breaks a rule."""
    words_alone = report.get("SOPClassUID") == SOP_CLASS_OF_FORM["basic_text"]
    wanted = codes.DIAGNOSTIC_IMAGING_REPORT if words_alone else codes.IMAGING_MEASUREMENT_REPORT
    if report.get("ValueType") != "CONTAINER" or _name(report) != wanted.meaning:
        raise InvalidObjectError(
            f"The root of the report is {_name(report)!r}; wanted the container {wanted.meaning!r}."
        )
    evidence = {
        instance.ReferencedSOPInstanceUID
        for keyword in ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence")
        for study in report.get(keyword) or ()
        for series in study.ReferencedSeriesSequence
        for instance in series.ReferencedSOPSequence
    }
    trackings: set[str] = set()
    for path, parent, item in _walk(report, "1"):
        _refuse_item(path, parent, item)
        if words_alone and item.ValueType in _NOT_WORDS:
            raise InvalidObjectError(f"Content item {path} is a {item.ValueType}; a Basic Text report holds none.")
        if (
            item.ValueType in ("IMAGE", "COMPOSITE")
            and item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID not in evidence
        ):
            raise InvalidObjectError(f"Content item {path} refers to an instance that the evidence does not list.")
        if item.ValueType == "UIDREF" and _name(item) == codes.TRACKING_UID.meaning:
            if item.UID in trackings:
                raise InvalidObjectError(f"Content item {path}: the tracking UID is used twice in one report.")
            trackings.add(item.UID)
        if item.ValueType == "CONTAINER" and _name(item) == codes.MEASUREMENT_GROUP.meaning:
            _refuse_group(path, item)


def _walk(parent: Dataset, path: str) -> Iterator[tuple[str, Dataset, Dataset]]:
    for number, item in enumerate(parent.get("ContentSequence") or (), start=1):
        yield f"{path}.{number}", parent, item
        yield from _walk(item, f"{path}.{number}")


def _refuse_item(path: str, parent: Dataset, item: Dataset) -> None:
    value_type, relation = item.get("ValueType"), item.get("RelationshipType")
    if value_type not in _VALUE_OF:
        raise InvalidObjectError(f"Content item {path} has the value type {value_type!r}.")
    if item.get(_VALUE_OF[value_type]) in (None, "") or not item.get(_VALUE_OF[value_type]):
        raise InvalidObjectError(f"Content item {path} ({value_type} {_name(item)!r}) has no value.")
    if parent.ValueType not in _ALLOWED.get(relation or "", ()):
        raise InvalidObjectError(f"Content item {path}: {parent.ValueType} {relation} {value_type} is not allowed.")
    if not _name(item) and value_type not in _NAMELESS:
        raise InvalidObjectError(f"Content item {path} ({value_type}) has no concept name.")
    if value_type == "NUM" and not item.MeasuredValueSequence[0].get("MeasurementUnitsCodeSequence"):
        raise InvalidObjectError(f"Content item {path} ({_name(item)!r}) has no unit.")


def _refuse_group(path: str, group: Dataset) -> None:
    """TID 1410: one region, one site, one finding, tracking identifier and UID; something said."""
    kinds = [(item.ValueType, _name(item)) for item in group.ContentSequence]
    for wanted in (
        ("SCOORD", codes.IMAGE_REGION.meaning),
        ("CODE", codes.FINDING.meaning),
        ("CODE", codes.FINDING_SITE.meaning),
        ("TEXT", codes.TRACKING_IDENTIFIER.meaning),
        ("UIDREF", codes.TRACKING_UID.meaning),
    ):
        if kinds.count(wanted) != 1:
            raise InvalidObjectError(f"Measurement group {path} has {kinds.count(wanted)} of {wanted}; wanted one.")


def _name(item: Dataset) -> str:
    names = item.get("ConceptNameCodeSequence")
    return str(names[0].CodeMeaning) if names else ""
