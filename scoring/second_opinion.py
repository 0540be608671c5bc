"""Two systems on the same images: do their totals agree as far as the interval of each lets one expect?"""

from __future__ import annotations

from collections.abc import Iterator
from math import hypot
from typing import Final

from scoring.coded_concept import CodedConcept
from scoring.result import ComparedTotal, ScoreResult, ScoreTotal, SecondOpinion
from scoring.spec import SystemSpec

AGREES: Final = CodedConcept("OPINIONS-AGREE", "99RHEUM", "Systems agree within their intervals")
DIFFERS: Final = CodedConcept("OPINIONS-DIFFER", "99RHEUM", "Systems differ beyond their intervals")


def second_opinion(
    result: ScoreResult, spec: SystemSpec, other: ScoreResult, other_spec: SystemSpec
) -> SecondOpinion | None:
    """What ``other`` says of the totals of ``result``; None when nothing of both can be compared.

    Compared are totals that measure the same (``measures`` in spec.toml) on the same side, each with a value and an
    interval, from the same images. A sum over fewer sites than planned is no total of the hand and is left out.
    """
    if result.system == other.system or _images(result) != _images(other):
        return None
    totals = tuple(_compared(result, spec, other, other_spec))
    if not totals:
        return None
    verdict = DIFFERS if any(total.beyond for total in totals) else AGREES
    return SecondOpinion(other.system, other.digest, other.scored_at, verdict, totals)


def _images(result: ScoreResult) -> set[str]:
    return {image.content_sha256 for image in result.images if image.used}


def _compared(
    result: ScoreResult, spec: SystemSpec, other: ScoreResult, other_spec: SystemSpec
) -> Iterator[ComparedTotal]:
    theirs = dict(_measured(other, other_spec))
    for measured, total in _measured(result, spec):
        found = theirs.get(measured)
        if found is not None and found.value is not None and found.interval is not None:
            yield ComparedTotal(total.key, found.value, found.interval, _beyond(total, found))


def _measured(result: ScoreResult, spec: SystemSpec) -> Iterator[tuple[tuple[str, str | None], ScoreTotal]]:
    """Whole totals with an interval, by what they measure and of which side."""
    for total in result.totals:
        measures = spec.total(total.key).measures
        whole = total.assessed == total.planned and total.value is not None and total.interval is not None
        if measures is not None and whole:
            yield (measures, total.side), total


def _beyond(one: ScoreTotal, other: ScoreTotal) -> bool:
    """Further apart than two errors, independent of each other and each as large as its interval, add up to."""
    low, high = sorted((one, other), key=lambda total: total.value or 0.0)
    assert low.value is not None and high.value is not None and low.interval is not None and high.interval is not None
    return high.value - low.value > hypot(low.interval[1] - low.value, high.value - high.interval[0])
