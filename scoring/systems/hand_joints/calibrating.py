"""Intervals and sets of grades of the grader, learnt from hands that it never saw, and whether they keep their word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf, nan
from typing import Final

import numpy as np

from scoring.agreement.bootstrap import estimate
from scoring.evaluation.coverage import share_inside
from scoring.learning.figure_values import rounded
from scoring.learning.figures_file import Figures
from scoring.score_rules.sharp_van_der_heijde import ITEMS, SIDES
from scoring.spec import SystemSpec, TotalSpec
from scoring.systems.hand_joints.crop_book import NOT_GRADED
from scoring.systems.hand_joints.grading import CropGrades, grade_crops
from scoring.systems.hand_joints.network import JointGrader
from scoring.systems.hand_joints.preprocessing import Grey
from scoring.systems.hand_joints.totals import TOTAL
from scoring.systems.hand_joints.unseen_hands import UnseenHands
from scoring.uncertainty.calibration import BANDS, Calibration, GradeRow, TotalRow, calibrate
from scoring.weights import WeightRecord

_TURNS: Final = 5
"""Coverage is measured with the patients that the calibration is learnt from: in five turns, each part of them is
tried with what the other four parts taught."""
_TOTALS: Final = {"hand": "svdh.all.R", "both": TOTAL}
"""What the card tells the coverage of, by name: the key of the total."""


@dataclass(frozen=True, slots=True)
class _Graded:
    """One hand: patient and visit, its grades (22, 2), and what the grader says of its crops."""

    patient: str
    visit: str
    truth: Grey
    said: CropGrades


def calibrated(
    grader: JointGrader, hands: UnseenHands, spec: SystemSpec, weights: Iterable[WeightRecord], measured_on: str
) -> tuple[Calibration, dict[str, Figures]]:
    """The calibration of these weights, and the figures of its coverage for the model card."""
    graded = _graded(grader, hands)
    calibration = _learnt(graded, spec, weights, measured_on)
    patients = len({hand.patient for hand in graded})
    head: Figures = {"measured_on": measured_on, "level": calibration.level, "hands": len(graded), "patients": patients}
    return calibration, {"intervals": head} | _coverage(graded, spec)


@dataclass(frozen=True, slots=True)
class _Tried:
    """One total or grade of a patient whom its interval was not learnt from."""

    patient: str
    predicted: float
    truth: float
    interval: tuple[float, float]


def _graded(grader: JointGrader, hands: UnseenHands) -> list[_Graded]:
    pages = (grade_crops(grader, page) for page in hands.book.crops())
    rows = zip(hands.visits, hands.book.grades, pages, strict=True)
    return [_Graded(patient, visit, truth, said) for (patient, visit), truth, said in rows]


def _learnt(
    hands: Sequence[_Graded], spec: SystemSpec, weights: Iterable[WeightRecord] = (), measured_on: str = ""
) -> Calibration:
    totals = {total.key: (float(total.highest), _total_rows(hands, total)) for total in spec.totals}
    return calibrate(measured_on, weights, totals, {item: _grade_rows(hands, n) for n, item in enumerate(ITEMS)})


def _total_rows(hands: Sequence[_Graded], total: TotalSpec) -> list[TotalRow]:
    """Sums over the sites that both graded. The network sees a left hand as the mirror image of a right one, so that
    every hand counts for either side; hands of one visit make a total of both."""
    visits: dict[tuple[str, str], list[_Graded]] = {}
    for hand in hands:
        visits.setdefault((hand.patient, hand.visit), []).append(hand)
    together = [[hand] for hand in hands] if total.side else [own for own in visits.values() if len(own) == len(SIDES)]
    return [_total_row(own, total) for own in together]


def _total_row(hands: Sequence[_Graded], total: TotalSpec) -> TotalRow:
    known = np.stack([hand.truth for hand in hands]) != NOT_GRADED
    known[..., [n for n, item in enumerate(ITEMS) if total.item not in (None, item)]] = False
    truth = np.stack([hand.truth for hand in hands])
    said = np.stack([np.stack([hand.said.expected[item] for item in ITEMS], 1) for hand in hands])
    return TotalRow(hands[0].patient, float(said[known].sum()), float(truth[known].sum()))


def _grade_rows(hands: Sequence[_Graded], column: int) -> list[GradeRow]:
    return [
        GradeRow(
            hand.patient,
            hand.said.at(int(site), ITEMS[column]).probabilities,
            int(hand.truth[site, column] + 0.5),  # readers' mean between two grades: the upper one
        )
        for hand in hands
        for site in np.flatnonzero(hand.truth[:, column] != NOT_GRADED)
    ]


def _coverage(hands: Sequence[_Graded], spec: SystemSpec) -> dict[str, Figures]:
    """Tables ``intervals.hand``, ``.both``, ``.erosion`` and ``.narrowing``; none of what has too few patients."""
    turn = {patient: n % _TURNS for n, patient in enumerate(dict.fromkeys(hand.patient for hand in hands))}
    tried: dict[str, list[_Tried]] = {}
    for number in range(_TURNS):
        learnt = _learnt([hand for hand in hands if turn[hand.patient] != number], spec)
        for name, one in _tried([hand for hand in hands if turn[hand.patient] == number], learnt, spec):
            tried.setdefault(name, []).append(one)
    figures: dict[str, Figures] = {}
    for name, rows in tried.items():
        figures[f"intervals.{name}"] = _kept(rows)
        if name in _TOTALS:
            figures[f"intervals.{name}.by_band"] = _by_band(rows, spec.total(_TOTALS[name]).highest)
    return figures


def _tried(hands: Sequence[_Graded], learnt: Calibration, spec: SystemSpec) -> Iterator[tuple[str, _Tried]]:
    for name, key in _TOTALS.items():
        for total in _total_rows(hands, spec.total(key)):
            if (interval := learnt.total_interval(key, total.predicted)) is not None:
                yield name, _Tried(total.patient, total.predicted, total.truth, interval)
    for column, item in enumerate(ITEMS):
        for grade in _grade_rows(hands, column):
            if (grades := learnt.grades(item, grade.probabilities)) is not None:
                yield item, _Tried(grade.patient, 0.0, grade.truth, grades)


def _kept(rows: Sequence[_Tried]) -> Figures:
    """How often the truth lay inside, with the interval of that share over patients, and how far the ends are apart."""
    truth, lower, upper = (
        [row.truth for row in rows],
        [row.interval[0] for row in rows],
        [row.interval[1] for row in rows],
    )
    found = estimate(share_inside, [truth, lower, upper], [row.patient for row in rows], seed=1)
    figures: Figures = {"rows": found.rows, "patients": found.groups}
    for name, value in (("coverage", found.value), ("lower", found.lower), ("upper", found.upper)):
        figures[name] = nan if value is None else rounded(value)
    return figures | {"mean_width": rounded(np.mean(np.subtract(upper, lower)))}


def _by_band(rows: Sequence[_Tried], highest: int) -> Figures:
    """Where at least so much was predicted, up to the next band: coverage, and of how many it is measured."""
    edges = [0, *(round(share * highest) for share in BANDS)]
    figures: Figures = {}
    for edge, upper in zip(edges, [*edges[1:], inf], strict=True):
        inside = [row.interval[0] <= row.truth <= row.interval[1] for row in rows if edge <= row.predicted < upper]
        if inside:
            figures |= {f"from_{edge}": rounded(sum(inside) / len(inside)), f"rows_from_{edge}": len(inside)}
    return figures
