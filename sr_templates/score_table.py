"""What the table of grades says, in words: every drawing of it (the report page, the PDF) takes them from here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from scoring.coded_concept import CodedConcept
from scoring.result import PriorResult, ScoreItem, ScoreResult, ScoreTotal, Side
from scoring.spec import SystemSpec, TotalSpec

SIDE_NAMES: Final[dict[Side | None, str]] = {"R": "RIGHT", "L": "LEFT", None: "ALL"}

SumRow = tuple[Side | None, list[tuple[TotalSpec, ScoreTotal]]]
"""The sums of one side, or of all sides together (None)."""


def quality_words(result: ScoreResult) -> str:
    """Verdict on the images, how many were read, and whether the study was complete when they were."""
    read = sum(image.used for image in result.images)
    words = f"Image quality: {result.quality.meaning.lower()}   ·   images read: {read} of {len(result.images)}"
    return f"{words}   ·   closed before the study was quiet: images may be missing" if result.forced else words


def sum_rows(result: ScoreResult, spec: SystemSpec) -> list[SumRow]:
    """The sums of each side in the order of the spec, then those of everything; without what the result lacks."""
    found = {total.key: total for total in result.totals}
    rows: list[SumRow] = []
    for side in (*spec.sides, None):
        sums = [(t, found[t.key]) for t in spec.totals if t.side == side and t.key in found]
        if sums:
            rows.append((side, sums))
    return rows


def one_reason(sums: Sequence[tuple[TotalSpec, ScoreTotal]]) -> bool:
    """Whether all sums of a row lack their number for the same reason, which then is said once."""
    return len({total.reason for _, total in sums}) == 1 and not any(number_words(total) for _, total in sums)


def row_name(side: Side | None, spec: SystemSpec) -> str:
    """What a row of sums is called."""
    return "BOTH" if side is None and len(spec.sides) == 2 else SIDE_NAMES[side]


def number_words(total: ScoreTotal) -> str:
    """The sum of the grades, else its expected value; empty when there is neither."""
    if total.grade is not None:
        return str(total.grade)
    return "" if total.value is None else f"{total.value:.1f}"


def expected_words(total: ScoreTotal) -> str:
    """``exp. 21.4 (17.5–25.6)`` beside a sum of grades."""
    if total.value is None or total.grade is None:
        return ""
    words = f"exp. {total.value:.1f}"
    return words if total.interval is None else f"{words} ({total.interval[0]:.1f}–{total.interval[1]:.1f})"


def is_set(item: ScoreItem) -> bool:
    """Whether the interval of a grade is a set of whole grades, as a calibration states it."""
    return item.grade is not None and item.interval is not None and all(end.is_integer() for end in item.interval)


def set_words(item: ScoreItem) -> str:
    """``1–3`` for a set that holds more than one grade; empty for any other."""
    if item.interval is None or not is_set(item) or item.interval[0] == item.interval[1]:
        return ""
    return f"{item.interval[0]:.0f}–{item.interval[1]:.0f}"


def short_label(total: TotalSpec) -> str:
    """``Erosion`` for ``SvdH right hand, erosion``: where the side is said already."""
    return total.label.split(", ", 1)[-1].capitalize()


def gap_words(total: ScoreTotal) -> str:
    """Why a sum has no number, and over how many grades it would have been."""
    reason = total.reason.meaning if total.reason else "Not computable"
    if not reason.lower().startswith("not computable"):
        reason = f"Not computable: {reason}"
    return f"{reason} ({total.assessed} of {total.planned})"


def missing_side(result: ScoreResult, side: Side | None) -> CodedConcept | None:
    """The reason that every item of a side lacks its grade for, when it is one and the same."""
    reasons = {item.reason if item.grade is None else None for item in result.items if item.side == side}
    return reasons.pop() if len(reasons) == 1 else None


def reason_marks(result: ScoreResult) -> dict[CodedConcept, str]:
    """A letter for each reason of single gaps in the table, explained at the foot; a whole side says its own."""
    sides = {item.side for item in result.items}
    whole = {side for side in sides if missing_side(result, side) is not None}
    single = dict.fromkeys(i.reason for i in result.items if i.reason is not None and i.side not in whole)
    return {reason: _mark(number) for number, reason in enumerate(single)}


def _mark(number: int) -> str:
    """a to z, then aa, bb …"""
    return chr(ord("a") + number % 26) * (number // 26 + 1)


def key_words(result: ScoreResult, marks: Mapping[CodedConcept, str]) -> str:
    """What the small numbers and the letters of ``reason_marks`` mean."""
    key = "Small numbers: expected value."
    if any(set_words(item) for item in result.items):
        key = "Small numbers: expected value; below it the grades of the 95 % set, where it holds more than one."
    if marks:
        key += " Not scored, " + "; ".join(f"{mark}: {reason.meaning.lower()}" for reason, mark in marks.items()) + "."
    return key


def lineage_words(result: ScoreResult) -> list[str]:
    """What this result replaces or takes back, and the first visit that it follows; by the day of their scoring."""
    words = []
    if result.predecessor is not None:
        what = f"the report of {_day(result.predecessor)}"
        words.append(f"Takes back {what}: do not use it." if result.withdraws else f"Replaces {what}.")
    if result.baseline is not None:
        words.append(f"Follow-up visit. Baseline: the report of {_day(result.baseline)}.")
    return words


def _day(prior: PriorResult) -> str:
    return f"{prior.scored_at[:10]}, {prior.scored_at[11:16]} UTC (result {prior.digest[:12]})"
