"""The rules of a Structured Report's content tree (PS3.3 A.35) that our reports rely on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydicom.dataset import Dataset
from pydicom.uid import UID

from sr_templates import codes
from sr_templates.document_forms import KEY_OBJECT, SOP_CLASS_OF_FORM
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
_BASIC_TEXT: Final = SOP_CLASS_OF_FORM["basic_text"]
_ROOTS: Final = {
    **dict.fromkeys(SOP_CLASS_OF_FORM.values(), (codes.IMAGING_MEASUREMENT_REPORT,)),
    _BASIC_TEXT: (codes.DIAGNOSTIC_IMAGING_REPORT,),
    KEY_OBJECT: (codes.FOR_RESEARCH, codes.REJECTED_FOR_SAFETY),
}
"""SOP Class -> what the root of its tree may be called."""
_NEVER: Final = {_BASIC_TEXT: ("NUM", "SCOORD"), KEY_OBJECT: ("NUM", "SCOORD", "CONTAINER")}
"""SOP Class -> value types that it must not hold below the root (PS3.3 A.35.1.3, A.35.4.3)."""
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
    sop_class = str(report.SOPClassUID)
    roots = [root.meaning for root in _ROOTS[sop_class]]
    if report.get("ValueType") != "CONTAINER" or _name(report) not in roots:
        raise InvalidObjectError(f"The root of the tree is {_name(report)!r}; wanted the container {roots}.")
    evidence = {
        instance.ReferencedSOPInstanceUID
        for keyword in ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence")
        for study in report.get(keyword) or ()
        for series in study.ReferencedSeriesSequence
        for instance in series.ReferencedSOPSequence
    }
    trackings: set[str] = set()
    named: set[str] = set()
    nameless = ("IMAGE", "COMPOSITE") if sop_class == KEY_OBJECT else ("IMAGE",)
    for path, parent, item in _walk(report, "1"):
        _refuse_item(path, parent, item, nameless)
        if item.ValueType in _NEVER.get(sop_class, ()):
            kind = UID(sop_class).name.removesuffix(" Storage")
            raise InvalidObjectError(f"Content item {path} is a {item.ValueType}; a {kind} holds none.")
        if item.ValueType in ("IMAGE", "COMPOSITE"):
            uid = item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
            named.add(uid)
            if uid not in evidence:
                raise InvalidObjectError(f"Content item {path} refers to an instance that the evidence does not list.")
        if item.ValueType == "UIDREF" and _name(item) == codes.TRACKING_UID.meaning:
            if item.UID in trackings:
                raise InvalidObjectError(f"Content item {path}: the tracking UID is used twice in one report.")
            trackings.add(item.UID)
        if item.ValueType == "CONTAINER" and _name(item) == codes.MEASUREMENT_GROUP.meaning:
            _refuse_group(path, item)
    if sop_class == KEY_OBJECT and named != evidence:
        raise InvalidObjectError("The evidence lists an instance that the selection does not name.")


def _walk(parent: Dataset, path: str) -> Iterator[tuple[str, Dataset, Dataset]]:
    for number, item in enumerate(parent.get("ContentSequence") or (), start=1):
        yield f"{path}.{number}", parent, item
        yield from _walk(item, f"{path}.{number}")


def _refuse_item(path: str, parent: Dataset, item: Dataset, nameless: tuple[str, ...]) -> None:
    value_type, relation = item.get("ValueType"), item.get("RelationshipType")
    if value_type not in _VALUE_OF:
        raise InvalidObjectError(f"Content item {path} has the value type {value_type!r}.")
    if item.get(_VALUE_OF[value_type]) in (None, "") or not item.get(_VALUE_OF[value_type]):
        raise InvalidObjectError(f"Content item {path} ({value_type} {_name(item)!r}) has no value.")
    if parent.ValueType not in _ALLOWED.get(relation or "", ()):
        raise InvalidObjectError(f"Content item {path}: {parent.ValueType} {relation} {value_type} is not allowed.")
    if not _name(item) and value_type not in nameless:
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
