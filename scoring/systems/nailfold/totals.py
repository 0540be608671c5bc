"""From pictures to fingers to the patient: what is counted, the highest and the mean, and the fast track category.

Only pictures that may be read count. Of a finger of which nobody took a picture nothing is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import fsum
from typing import Final

from scoring.capillaroscopy.picture_measures import NotMeasured, WhyNot
from scoring.coded_concept import CodedConcept
from scoring.result import ScoreItem, ScoreTotal
from scoring.score_rules.nailfold_fast_track import fast_track_of_visit
from scoring.spec import SystemSpec, TotalSpec
from scoring.systems.nailfold.picture_reading import PictureReading

_PICTURES: Final = "pictures"
_DIGITS: Final = {"density": 2, "widest_apex": 1}
_SHARE_DIGITS: Final = 6
_NEAREST_TO_A_MEASURE: Final[tuple[WhyNot, ...]] = ("not_sharp", "no_row", "not_calibrated")


def totals(spec: SystemSpec, readings: Sequence[PictureReading], items: Sequence[ScoreItem]) -> tuple[ScoreTotal, ...]:
    """Every total of the spec for fingers that were pictured, and for the patient; ``items`` are of the readings."""
    found = []
    for planned in spec.totals:
        finger = (planned.side, planned.site)
        own = [r for r in readings if planned.site is None or r.place.finger == finger]
        if own:
            here = [i for i in items if planned.site is None or (i.side, i.site) == finger]
            found.append(_total(spec, planned, own, here))
    return tuple(found)


def assessable_fingers(readings: Sequence[PictureReading], least: int = 1) -> int:
    """Named fingers with at least so many pictures that may be read."""
    fit = Counter(r.place.finger for r in readings if r.place.named and r.quality.fit)
    return sum(count >= least for count in fit.values())


def assessable_pictures(readings: Sequence[PictureReading]) -> int:
    """Pictures that may be read, of whatever finger."""
    return sum(r.quality.fit for r in readings)


def _total(
    spec: SystemSpec, planned: TotalSpec, readings: Sequence[PictureReading], items: Sequence[ScoreItem]
) -> ScoreTotal:
    if planned.derivation == "category":
        return _fast_track(spec, planned, readings)
    if planned.item is None:
        return _count(planned, readings)
    own = [item for item in items if item.item == planned.item]
    scored = [item for item in own if item.status == "scored"]
    if not scored:
        return _without(planned, 0, len(own), _common_reason(own, spec.reasons["none_assessed"]))
    if planned.derivation == "count":
        positives = sum(item.grade or 0 for item in scored)
        return _sum(planned, None, positives, len(scored), len(own))
    values = [item.value for item in scored if item.value is not None]
    value = max(values) if planned.derivation == "maximum" else fsum(values) / len(values)
    return _sum(planned, round(value, _DIGITS.get(planned.item, _SHARE_DIGITS)), None, len(scored), len(own))


def _count(planned: TotalSpec, readings: Sequence[PictureReading]) -> ScoreTotal:
    """Pictures, or fingers: how many could be assessed of those that were sent."""
    if planned.key.endswith(_PICTURES):
        count, sent = assessable_pictures(readings), len(readings)
    else:
        count, sent = assessable_fingers(readings), len({r.place.finger for r in readings if r.place.named})
    return _sum(planned, None, count, count, sent)


def _fast_track(spec: SystemSpec, planned: TotalSpec, readings: Sequence[PictureReading]) -> ScoreTotal:
    rules = [r.rule for r in readings]
    fired = fast_track_of_visit(rules)
    measured = sum(rule is not None for rule in rules)
    if fired is None:
        return _without(planned, measured, len(readings), spec.reasons[_why_not_measured(readings)])
    return _sum(planned, None, fired.category, measured, len(readings), spec.rules[fired.key])


def _why_not_measured(readings: Sequence[PictureReading]) -> str:
    """Of pictures that were assessed and give no measures: what kept the one from it that came nearest."""
    reasons = {r.measures.reason for r in readings if r.quality.fit and isinstance(r.measures, NotMeasured)}
    return next((reason for reason in _NEAREST_TO_A_MEASURE if reason in reasons), "none_assessed")


def _common_reason(items: Sequence[ScoreItem], otherwise: CodedConcept) -> CodedConcept:
    """The one reason for which none of the items has a value; ``otherwise`` where there are several."""
    reasons = {item.reason for item in items if item.reason is not None}
    return reasons.pop() if len(reasons) == 1 else otherwise


def _sum(
    planned: TotalSpec,
    value: float | None,
    grade: int | None,
    assessed: int,
    sent: int,
    rule: CodedConcept | None = None,
) -> ScoreTotal:
    return ScoreTotal(planned.key, planned.side, value, grade, assessed, sent, float(planned.highest), rule=rule)


def _without(planned: TotalSpec, assessed: int, sent: int, reason: CodedConcept) -> ScoreTotal:
    return ScoreTotal(planned.key, planned.side, None, None, assessed, sent, float(planned.highest), reason)
