"""The points that the localiser knows: the 22 scored sites, and six points that only help.

RADIUS and ULNA are the middle of the bone's end, a few millimetres below the joint surface, where erosions are looked
for. The RSNA joint boxes also hold the growth plate, so their centres lie further up the forearm: they are landmarks of
their own, RADIUS_BOX and ULNA_BOX.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.score_rules.sharp_van_der_heijde import SITES

Points = npt.NDArray[np.float64]

HELPERS: Final = ("DIP2", "DIP3", "DIP4", "DIP5", "RADIUS_BOX", "ULNA_BOX")
LANDMARKS: Final = (*SITES, *HELPERS)
INDEX: Final = {name: i for i, name in enumerate(LANDMARKS)}

BOXED: Final = (
    *("IP1", "PIP2", "PIP3", "PIP4", "PIP5", "MCP1", "MCP2", "MCP3", "MCP4", "MCP5"),
    *HELPERS,
)
"""The 16 points that have a box in the RSNA joint boxes."""

CARPAL: Final = tuple(name for name in SITES if name not in BOXED)
"""The 12 sites at the wrist and the metacarpal bases, which have no box of their own."""


def of(points: Points, name: str) -> Points:
    """The point (x, y) with this name of an array (..., 28, 2)."""
    return points[..., INDEX[name], :]


def palm(points: Points) -> tuple[Points, Points]:
    """The middle of the palm and the vector from the wrist to MCP3: where a hand is, which way up, and how large.

    The wrist is taken half way between the ends of radius and ulna, or between their boxes where only those are known.
    """
    ends = (of(points, "RADIUS") + of(points, "ULNA")) / 2
    boxes = (of(points, "RADIUS_BOX") + of(points, "ULNA_BOX")) / 2
    wrist = np.where(np.isfinite(ends), ends, boxes)
    knuckle = of(points, "MCP3")
    return (wrist + knuckle) / 2, knuckle - wrist
