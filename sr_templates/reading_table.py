"""The table of a system that numbers pictures, in words: the patient, each finger, each picture; a column an item.

The report page, the PDF and the web page draw it; all of them take their words from here. An item that only judges a
measurement (``judges`` in the spec) has no column: it colours that of the measurement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from scoring.coded_concept import CodedConcept
from scoring.result import ScoreItem, ScoreResult, ScoreTotal, Side
from scoring.spec import Derivation, ItemSpec, SystemSpec, TotalSpec
from sr_templates import codes
from sr_templates.colour_map import PICTURE_FAULT, Colour, damage_colour
from sr_templates.group_places import items_by_place, totals_by_place

_SIDES: Final[dict[Side | None, str]] = {"R": "Right ", "L": "Left ", None: ""}
_PATIENT: Final = "Patient"

Part = tuple[TotalSpec, ScoreTotal]


@dataclass(frozen=True, slots=True)
class ReadingCell:
    """What one row says of one item."""

    words: str
    """The number, a dash where there is none, empty where nothing is planned."""
    small: str = ""
    """Beside it: the mean, how many of how many, the interval."""
    share: float | None = None
    """How strong the finding is, 0..1; None: nothing was found."""
    reason: CodedConcept | None = None
    """Why there is no number."""
    picture_fault: bool = False
    """Whether a finding would be about the picture, not the patient."""

    @property
    def fill(self) -> Colour | None:
        """The colour behind its words; None where nothing was found."""
        if self.share is None:
            return None
        return PICTURE_FAULT if self.picture_fault else damage_colour(self.share)


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """The patient, a finger or a picture. ``count``: pictures assessed of those sent, or the image's number."""

    label: str
    count: str
    cells: tuple[ReadingCell, ...]
    image: str | None = None
    """SOP Instance UID of a picture."""


@dataclass(frozen=True, slots=True)
class ReadingTable:
    """Everything that is drawn, and the letter of every reason for a gap."""

    columns: tuple[ItemSpec, ...]
    verdicts: tuple[str, ...]
    """The categories of the patient, each with the rule that decided it or why there is none."""
    summary: tuple[ReadingRow, ...]
    """The patient first, then the fingers."""
    pictures: tuple[ReadingRow, ...]
    marks: dict[CodedConcept, str]


def reading_table(result: ScoreResult, spec: SystemSpec) -> ReadingTable:
    """The table of a result whose pictures are numbered."""
    columns = tuple(item for item in spec.items if item.judges is None)
    totals = totals_by_place(result.totals, spec)
    summary = [_summary_row(spec, columns, place, parts) for place, parts in totals.items() if parts]
    number = {image.sop_instance_uid: n for n, image in enumerate(result.images, start=1)}
    pictures = [
        _picture_row(spec, columns, f"{place_words(spec, side, site)} {picture}", items, number)
        for (side, site, picture), items in items_by_place(result.items, spec).items()
    ]
    reasons = dict.fromkeys(cell.reason for row in (*summary, *pictures) for cell in row.cells if cell.reason)
    return ReadingTable(
        columns,
        tuple(category_words(part) for part in totals[(None, None)] if part[0].categories),
        tuple(summary),
        tuple(pictures),
        {reason: chr(ord("a") + n % 26) * (n // 26 + 1) for n, reason in enumerate(reasons)},
    )


def place_words(spec: SystemSpec, side: Side | None, site: str | None) -> str:
    """``Right ring finger``; the patient where it is of all sites."""
    if site is None:
        return f"{_SIDES[side]}{_PATIENT.lower()}" if side else _PATIENT
    label = spec.site(site).label
    return f"{_SIDES[side]}{label.lower()}" if side else label


def column_head(item: ItemSpec) -> str:
    """``Density /mm``, ``Giant capillaries``."""
    return f"{item.label} {unit_words(item)}" if item.scale == "measurement" else item.label


def unit_words(spec: ItemSpec | TotalSpec) -> str:
    """The unit as a reader writes it: ``µm``; empty for a score."""
    unit = spec.unit.value if spec.unit else ""
    return {"um": "µm"}.get(unit, unit.strip("{}"))


def amount(value: float, spec: ItemSpec | TotalSpec) -> str:
    """A value without its unit: shares in whole percents with the sign, measurements to three digits."""
    if spec.unit == codes.PERCENT:
        return f"{100 * value:.0f} %"
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


def category_words(part: Part) -> str:
    """``Fast track: Category 2: scleroderma pattern (rule: at least one giant capillary)``, or why there is none."""
    spec, total = part
    if total.grade is None:
        return f"{spec.label}: not given ({total.reason.meaning if total.reason else 'no reason given'})"
    rule = f" (rule: {total.rule.meaning})" if total.rule else ""
    return f"{spec.label}: {spec.categories[total.grade - 1].meaning}{rule}"


def key_sentence(table: ReadingTable) -> str:
    """What the numbers, the colours and the letters of the table mean."""
    key = (
        "Of a picture: the probability of each finding, coloured where it counts as present; small: 95 % interval. "
        "Of a finger and the patient: the highest probability; small: the mean, and pictures with the finding of "
        "those assessed."
    )
    if asked := [column for column in table.columns if column.asks]:
        about = ", ".join(f"{column.label.lower()}: please {column.asks}" for column in asked)
        key += f" Pale blue is about the picture, not the patient ({about})."
    if table.marks:
        key += " Not given, " + "; ".join(f"{mark}: {reason.meaning}" for reason, mark in table.marks.items()) + "."
    return key


def _summary_row(
    spec: SystemSpec, columns: Sequence[ItemSpec], place: tuple[Side | None, str | None], parts: Sequence[Part]
) -> ReadingRow:
    by_item: dict[str | None, list[Part]] = {}
    for part in parts:
        by_item.setdefault(part[0].item, []).append(part)
    counts = [part for part in by_item.get(None, ()) if part[0].derivation == "count"]
    count = ", ".join(f"{total.grade or 0} of {total.planned} {unit_words(total_spec)}" for total_spec, total in counts)
    cells = tuple(_summary_cell(column, by_item.get(column.key, ())) for column in columns)
    return ReadingRow(place_words(spec, *place), count, cells)


def _summary_cell(column: ItemSpec, parts: Sequence[Part]) -> ReadingCell:
    """The highest value in front, else the mean; beside it the mean and the count."""
    by_kind: dict[Derivation, Part] = {part[0].derivation: part for part in parts}
    main = by_kind.get("maximum") or by_kind.get("mean")
    if main is None:
        return ReadingCell("")
    total_spec, total = main
    if total.value is None:
        return ReadingCell("–", reason=total.reason)
    small = []
    if total_spec.derivation == "maximum" and (mean := by_kind.get("mean")) and mean[1].value is not None:
        small.append(f"mean {amount(mean[1].value, mean[0]).removesuffix(' %')}")
    positive = None
    if counted := by_kind.get("count"):
        small.append(f"{counted[1].grade or 0} of {counted[1].assessed}")
        positive = total.value if counted[1].grade else None
    elif total.interval:
        small.append(_interval_words(total.interval, total_spec))
    words = amount(total.value, total_spec)
    return ReadingCell(words, " · ".join(small), positive, picture_fault=column.asks is not None)


def _picture_row(
    spec: SystemSpec, columns: Sequence[ItemSpec], label: str, items: Sequence[ScoreItem], number: dict[str, int]
) -> ReadingRow:
    found = {item.item: item for item in items}
    judged = {one.judges: found.get(one.key) for one in spec.items if one.judges}
    cells = tuple(_picture_cell(column, found.get(column.key), judged.get(column.key)) for column in columns)
    image = next((item.image for item in items if item.image), None)
    return ReadingRow(label, f"image {number[image]}" if image else "", cells, image)


def _picture_cell(spec: ItemSpec, item: ScoreItem | None, judged: ScoreItem | None) -> ReadingCell:
    if item is None:
        return ReadingCell("")
    if item.status != "scored" or (item.value is None and item.grade is None):
        return ReadingCell("–", reason=item.reason)
    small = _interval_words(item.interval, spec) if item.interval else (spec.asks or "") if item.grade else ""
    if spec.scale == "measurement":
        return ReadingCell(amount(item.value or 0.0, spec), small, 1.0 if judged and judged.grade else None)
    share = (item.value if item.value is not None else 1.0) if item.grade else None
    words = amount(item.value, spec) if item.value is not None else codes.PRESENCE[item.grade or 0].meaning
    return ReadingCell(words, small, share, picture_fault=spec.asks is not None)


def _interval_words(interval: tuple[float, float], spec: ItemSpec | TotalSpec) -> str:
    return f"{amount(interval[0], spec)}–{amount(interval[1], spec)}"
