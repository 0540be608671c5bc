"""What a split is made of: films of a subject with the score that decides the band they count in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

from scoring.learning.read_hands import ReadHand
from scoring.score_rules.sharp_van_der_heijde import SIDES, planned_sites


@dataclass(frozen=True, slots=True, order=True)
class Case:
    """One visit of one subject: its score (any scale) and the centre it comes from (empty: not said)."""

    subject: str
    score: float
    centre: str = ""


def cases_of_hands(hands: Sequence[ReadHand]) -> tuple[Case, ...]:
    """A case for each visit with its Sharp/van der Heijde score of both hands, 0..280; visits without a grade none.

    The score only sorts into bands: sites without a grade count as the mean of the others, a hand that is not there
    as the one that is. It is never reported.
    """
    visits: dict[tuple[str, str, str], list[float]] = {}
    for hand in hands:
        if (score := _score(hand)) is not None:
            visits.setdefault((hand.subject, hand.visit, hand.centre), []).append(score)
    return tuple(
        sorted(
            Case(subject, len(SIDES) * fsum(sorted(scores)) / len(scores), centre)
            for (subject, _, centre), scores in visits.items()
        )
    )


def _score(hand: ReadHand) -> float | None:
    if hand.total is not None:
        return hand.total
    if not hand.grades:
        return None
    return planned_sites(hand.side) * fsum(sorted(hand.grades.values())) / len(hand.grades)
