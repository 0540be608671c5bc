"""Any Structured Report as a readable tree: for the command line, the page, and a person who opens a file.

Works on reports of other makers too, whatever they lack. Nothing of the patient is shown: only the content tree.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.uid import UID

_DEEPEST: Final = 64
"""Levels shown; a deeper tree is not a report of measurements."""

_PLAIN_VALUES: Final = {
    "TEXT": "TextValue",
    "UIDREF": "UID",
    "DATE": "Date",
    "TIME": "Time",
    "DATETIME": "DateTime",
    "PNAME": "PersonName",
}
_TRACKING_IDENTIFIER: Final = "112039"


def report_as_text(report: Dataset) -> str:
    """The content tree, two spaces for each level, a line for each item; ends with a line break."""
    state = ", ".join(str(_get(report, k)) for k in ("CompletionFlag", "VerificationFlag") if _get(report, k))
    title = f"{_own_line(report)}  [{state}]" if state else _own_line(report)
    return "\n".join([title, *_lines(report, 1)]) + "\n"


def _lines(parent: Dataset, level: int) -> Iterable[str]:
    indent = "  " * level
    if level > _DEEPEST:
        yield f"{indent}… (deeper than {_DEEPEST} levels)"
        return
    for item in _children(parent):
        if not _is_modifier(item, parent) and not _is_tracking_identifier(item):
            yield f"{indent}{_own_line(item)}"
            yield from _lines(item, level + 1)


def _own_line(item: Dataset) -> str:
    value = _value(item)
    name = _meaning(_get(item, "ConceptNameCodeSequence")) or str(_get(item, "ValueType") or "item").lower()
    line = f"{name}: {value}" if value else name
    modifiers = [_own_line(child) for child in _children(item) if _is_modifier(child, item)]
    return f"{line}  ({'; '.join(modifiers)})" if modifiers else line


def _is_modifier(item: Dataset, parent: Dataset) -> bool:
    """Told in brackets on its parent's own line, because it changes what that line means."""
    return bool(_get(item, "RelationshipType") == "HAS CONCEPT MOD" and _get(parent, "ValueType") != "CONTAINER")


def _value(item: Dataset) -> str:
    kind = str(_get(item, "ValueType") or "")
    if kind in _PLAIN_VALUES:
        return _one_line(_get(item, _PLAIN_VALUES[kind]))
    if kind == "CODE":
        return _meaning(_get(item, "ConceptCodeSequence"))
    if kind == "NUM":
        return _number(item)
    if kind in ("IMAGE", "COMPOSITE", "WAVEFORM"):
        return ", ".join(_instance(r) for r in _items(_get(item, "ReferencedSOPSequence")))
    if kind in ("SCOORD", "SCOORD3D", "TCOORD"):
        return _coordinates(item)
    if kind == "CONTAINER":
        return _tracked(item)
    if "ReferencedContentItemIdentifier" in item:
        return f"see item {item.get('ReferencedContentItemIdentifier')}"
    return ""


def _number(item: Dataset) -> str:
    measured = _items(_get(item, "MeasuredValueSequence"))
    if not measured:
        return _meaning(_get(item, "NumericValueQualifierCodeSequence")) or "no value"
    unit = _meaning(_get(measured[0], "MeasurementUnitsCodeSequence"))
    return f"{_one_line(_get(measured[0], 'NumericValue'))} {unit}".rstrip()


def _instance(reference: Dataset) -> str:
    kind = UID(str(_get(reference, "ReferencedSOPClassUID") or "")).name.removesuffix(" Storage")
    return f"{kind} {reference.get('ReferencedSOPInstanceUID') or 'without UID'}".strip()


def _coordinates(item: Dataset) -> str:
    """A rectangle by its corners, anything else by the number of its points."""
    kind, data = str(_get(item, "GraphicType") or _get(item, "TemporalRangeType") or ""), _get(item, "GraphicData")
    points = [float(v) for v in data if isinstance(v, float)] if isinstance(data, Iterable) else []
    across, down = points[0::2], points[1::2]
    if kind == "POLYLINE" and len(points) == 10 and points[:2] == points[8:] and len({*across}) == len({*down}) == 2:
        return f"box {min(across):g}, {min(down):g} to {max(across):g}, {max(down):g}"
    return f"{kind.lower()} of {len(points) // 2} points" if points else kind.lower()


def _tracked(item: Dataset) -> str:
    """A measurement group is called by its tracking identifier."""
    return next((_one_line(_get(c, "TextValue")) for c in _children(item) if _is_tracking_identifier(c)), "")


def _is_tracking_identifier(item: Dataset) -> bool:
    names = _items(_get(item, "ConceptNameCodeSequence"))
    return bool(names and _get(names[0], "CodeValue") == _TRACKING_IDENTIFIER)


def _children(item: Dataset) -> list[Dataset]:
    return _items(_get(item, "ContentSequence"))


def _meaning(sequence: Any) -> str:
    codes = _items(sequence)
    return _one_line(_get(codes[0], "CodeMeaning") or _get(codes[0], "CodeValue") or "") if codes else ""


def _items(sequence: Any) -> list[Dataset]:
    """The items of a sequence; none when a damaged file holds something else under its tag."""
    return [item for item in sequence if isinstance(item, Dataset)] if isinstance(sequence, Iterable) else []


def _get(item: Dataset, keyword: str) -> Any:
    """An attribute's value; None when it is absent or cannot be read."""
    try:
        return item.get(keyword)
    except Exception:  # pydicom converts values when they are touched, and raises many kinds on broken ones
        return None


def _one_line(value: Any) -> str:
    return " ".join(str("" if value is None else value).split())
