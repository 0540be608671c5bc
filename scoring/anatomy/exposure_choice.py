"""Which hand of which image is graded when a side was filmed more than once: one per side, by a named rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.anatomy.found_hand import FoundHand
from scoring.image import ScoringImage
from scoring.score_rules.sharp_van_der_heijde import SIDES, Side

RULE: Final = "latest_exposure_of_side"
NO_HAND_RULE: Final = "no_hand"


@dataclass(frozen=True)
class HandOnFilm:
    """A hand that was found, the image it lies on, and that image's pixels with bone bright."""

    image: ScoringImage
    pixels: npt.NDArray[np.float32]
    hand: FoundHand


def one_hand_per_side(hands: Sequence[HandOnFilm]) -> dict[Side, HandOnFilm]:
    """The hand to grade of each side that was filmed: of the latest exposure, then the highest instance number,
    then the last UID; of two hands of one side on one image, the one whose thumb says its side more surely."""
    chosen: dict[Side, HandOnFilm] = {}
    for side in SIDES:
        candidates = [h for h in hands if h.hand.side == side]
        if candidates:
            chosen[side] = max(candidates, key=_precedence)
    return chosen


def why_left_out(film: HandOnFilm, chosen: dict[Side, HandOnFilm]) -> str:
    """One sentence for the report on an image none of whose hands is graded."""
    side = "right" if film.hand.side == "R" else "left"
    number = chosen[film.hand.side].image.reference.instance_number
    return f"Another exposure of the {side} hand is later (instance number {number}); the latest one is graded."


def _precedence(film: HandOnFilm) -> tuple[str, int, str, float]:
    reference = film.image.reference
    return reference.acquired_at, reference.instance_number, reference.sop_instance_uid, film.hand.side_probability
