"""What the table of grades says, in words: every drawing of it (the report page, the PDF) takes them from here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scoring.coded_concept import CodedConcept
from scoring.result import PriorResult, ScoreResult, ScoreTotal, Side
from scoring.spec import SystemSpec, TotalSpec

SIDE_NAMES: Final[dict[Side | None, str]] = {"R": "RIGHT", "L": "LEFT", None: "ALL"}


def quality_words(result: ScoreResult) -> str:
    """Verdict on the images, how many were read, and whether the study was complete when they were."""
    read = sum(image.used for image in result.images)
    words = f"Image quality: {result.quality.meaning.lower()}   ·   images read: {read} of {len(result.images)}"
    return f"{words}   ·   closed before the study was quiet: images may be missing" if result.forced else words


def side_sums(result: ScoreResult, spec: SystemSpec, side: Side) -> list[tuple[TotalSpec, ScoreTotal]]:
    """The sums below one side's table."""
    found = {total.key: total for total in result.totals}
    return [(t, found[t.key]) for t in spec.totals if t.side == side and t.key in found]


def overall_sums(result: ScoreResult, spec: SystemSpec) -> list[tuple[TotalSpec, ScoreTotal]]:
    """The sums over all sides, the widest first; one alone where all lack a number for the same reason."""
    found = {total.key: total for total in result.totals}
    rows = [(t, found[t.key]) for t in spec.totals if t.side is None and t.key in found]
    if not rows:
        return []
    if len({total.reason for _, total in rows} - {None}) == 1 and all(total.grade is None for _, total in rows):
        return rows[-1:]
    return [rows[-1], *rows[:-1]]


def short_label(total: TotalSpec) -> str:
    """``Erosion`` for ``SvdH right hand, erosion``: where the side is said already."""
    return total.label.split(", ", 1)[-1].capitalize()


def sum_words(spec: TotalSpec, total: ScoreTotal) -> str:
    """``23 / 80 (exp. 21.4), 16 of 16``, or why there is no number."""
    count = f"{total.assessed} of {total.planned}"
    if total.grade is None:
        reason = total.reason.meaning if total.reason else "Not computable"
        if not reason.lower().startswith("not computable"):
            reason = f"Not computable: {reason}"
        return f"{reason} ({count})"
    expected = "" if total.value is None else f"  (exp. {total.value:.1f})"
    return f"{total.grade} / {spec.highest}{expected}   {count}"


def reason_marks(result: ScoreResult) -> dict[CodedConcept, str]:
    """A letter for each reason in the table, explained at the foot."""
    reasons = dict.fromkeys(item.reason for item in result.items if item.reason is not None)
    return {reason: chr(ord("a") + number) for number, reason in enumerate(reasons)}


def key_words(marks: Mapping[CodedConcept, str]) -> str:
    """What the small numbers and the letters of ``reason_marks`` mean."""
    key = "Small numbers: expected value."
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
