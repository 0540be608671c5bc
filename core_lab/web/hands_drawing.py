"""Two hands seen from their backs, as their owner sees them: where each finger is drawn on the upload page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from scoring.score_rules.nailfold_labels import Finger

WIDTH: Final = 640
"""Of the drawing, in its own units; both hands together."""
_SIDES: Final = {"L": "Left", "R": "Right"}
_LEFT_HAND: Final[Mapping[Finger, tuple[int, int, int, int, int]]] = {
    "LITTLE": (82, 196, 50, 112, 35),
    "RING": (114, 180, 98, 62, 38),
    "MIDDLE": (150, 174, 152, 40, 40),
    "INDEX": (186, 182, 205, 68, 38),
    "THUMB": (196, 262, 268, 178, 40),
}
"""x and y of the knuckle, x and y of the tip, width."""


@dataclass(frozen=True, slots=True)
class DrawnFinger:
    """A thick line from knuckle to tip; ``label`` is what a screen reader says."""

    side: str
    finger: Finger
    label: str
    knuckle: tuple[int, int]
    tip: tuple[int, int]
    width: int

    @property
    def lean(self) -> float:
        """Degrees clockwise from upright."""
        across, up = self.tip[0] - self.knuckle[0], self.knuckle[1] - self.tip[1]
        return round(math.degrees(math.atan2(across, up)), 1)


def drawn_fingers() -> tuple[DrawnFinger, ...]:
    """All ten as they stand beside each other, from the left little finger to the right one."""
    left, right = list(_hand("L")), list(_hand("R"))
    return (*left, *reversed(right))


def _hand(side: str) -> Iterator[DrawnFinger]:
    for finger, (x0, y0, x1, y1, width) in _LEFT_HAND.items():
        label = f"{_SIDES[side]} {finger.lower()}" + ("" if finger == "THUMB" else " finger")
        places = [(x if side == "L" else WIDTH - x, y) for x, y in ((x0, y0), (x1, y1))]
        yield DrawnFinger(side, finger, label, places[0], places[1], width)
