"""Fast track: whether a nailfold shows a scleroderma pattern, by three rules over density, giants and shapes.

The rules are those of the EULAR Study Group and the Scleroderma Clinical Trials Consortium (Smith V et al., Autoimmun
Rev 2019;18:102394); confirm their wording against the paper before they carry a clinical claim. As we know them they
sort single pictures, and one giant capillary is enough; they name no number of pictures or fingers. How a visit
follows from its pictures is therefore ours: the most telling rule that fired on any of them. A visit that hangs on one
picture says so (``scoring.systems.nailfold.remarks``); asking for two would be another rule than the published ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from scoring.score_rules.nailfold_labels import LOW_DENSITY_BELOW_PER_MM

LATE_UP_TO_PER_MM: Final = 3.0
"""Capillaries of the distal row per millimetre; with abnormal shapes the late scleroderma pattern."""
SCLERODERMA_PATTERN: Final = 2
"""The category; 1 is none."""

RuleKey = Literal["normal", "giant", "late", "non_specific"]


@dataclass(frozen=True, slots=True)
class FastTrackRule:
    """``category``: 1 for no scleroderma pattern, 2 for one. ``words``: what the rule found, and what follows."""

    key: RuleKey
    category: Literal[1, 2]
    words: str


NORMAL: Final = FastTrackRule(
    "normal", 1, "at least 7 capillaries per mm and no giant capillary (rule 1), so no scleroderma pattern (category 1)"
)
GIANT: Final = FastTrackRule("giant", 2, "a giant capillary (rule 2), so a scleroderma pattern (category 2)")
LATE: Final = FastTrackRule(
    "late",
    2,
    "at most 3 capillaries per mm together with abnormal shapes (rule 2), so a late scleroderma pattern (category 2)",
)
NON_SPECIFIC: Final = FastTrackRule(
    "non_specific", 1, "neither rule 1 nor rule 2 is fulfilled (rule 3), so no scleroderma pattern (category 1)"
)
FAST_TRACK_RULES: Final = (GIANT, LATE, NON_SPECIFIC, NORMAL)
"""The most telling first."""

NOTHING_IN_MM: Final = (
    "Nothing is given in mm: no picture that could be assessed says a scale that such a picture can have (Pixel "
    "Spacing), so that neither density nor diameters were measured and the fast track rule is not applied. The "
    "probabilities of the labels stand."
)


def fast_track(density_per_mm: float | None, giant: bool | None, abnormal_shape: bool | None) -> FastTrackRule | None:
    """The rule that fires on one picture; None where what is unknown could still change the category or the rule.

    Density and giants are measured, on a picture with a scale; None is what nobody knows.
    """
    if giant:
        return GIANT
    if density_per_mm is None or giant is None:
        return None
    if density_per_mm >= LOW_DENSITY_BELOW_PER_MM:
        return NORMAL
    if density_per_mm > LATE_UP_TO_PER_MM or abnormal_shape is False:
        return NON_SPECIFIC
    return LATE if abnormal_shape else None


def fast_track_of_visit(pictures: Iterable[FastTrackRule | None]) -> FastTrackRule | None:
    """The rule of a visit: the most telling of those that fired on its pictures; None where none fired."""
    fired = set(pictures)
    return next((rule for rule in FAST_TRACK_RULES if rule in fired), None)
