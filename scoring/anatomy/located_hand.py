"""One hand as the site network saw it, and how it is handed out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.anatomy.film_view import Affine, block_affine, compose, moved
from scoring.anatomy.found_hand import WIDTH_OVER_KNUCKLES, FoundHand, FoundSite, SiteStatus
from scoring.anatomy.landmarks import INDEX, Points, of, palm
from scoring.score_rules.sharp_van_der_heijde import SITES, Side

LEAST_CONFIDENCE: Final = 0.45
"""A site below it is ``uncertain``: no number is given for it."""
_BOX_MARGIN: Final = 0.35
"""Hand widths between the outermost landmarks and the box."""


@dataclass(frozen=True)
class LocatedHand:
    """One hand: landmarks (28, 2) in the picture, confidence (22,) of the sites, how it lies, the mean confidence.

    ``chance_right``: how surely it is a right hand.
    """

    points: Points
    confidence: npt.NDArray[np.float64]
    to_picture: Affine
    score: float
    chance_right: float = 0.5


def apart(hands: list[LocatedHand]) -> list[LocatedHand]:
    """Drop a hand that is another one seen twice."""
    kept: list[LocatedHand] = []
    for hand in sorted(hands, key=lambda h: -h.score):
        centre, up = palm(hand.points)
        if all(np.hypot(*(palm(k.points)[0] - centre)) > 0.6 * np.hypot(*up) for k in kept):
            kept.append(hand)
    return kept


def width(points: Points) -> float:
    """The breadth at the metacarpal heads."""
    return WIDTH_OVER_KNUCKLES * float(np.hypot(*(of(points, "MCP2") - of(points, "MCP5"))))


def quarter_turns(hand: LocatedHand) -> int:
    """How often ``rot90`` (counter-clockwise) must turn the picture until the fingers point up."""
    _, up = palm(hand.points)
    return int(np.round((90 - np.degrees(np.arctan2(-up[1], up[0]))) / 90)) % 4


def from_left(hand: LocatedHand, turns: int) -> float:
    """What grows from the viewer's left to right once the picture was turned this often."""
    x, y = palm(hand.points)[0]
    return float((x, y, -x, -y)[turns])


def found_hand(hand: LocatedHand, block: int, shape: tuple[int, int], expected: Side | None) -> FoundHand:
    """What is handed out, in pixels of the full picture: ``shape`` (rows, columns), once reduced by ``block``."""
    points = moved(block_affine(block), hand.points)
    rows, columns = shape
    seen: Side = "R" if hand.chance_right > 0.5 else "L"
    side = expected or seen
    chance = hand.chance_right if side == "R" else 1 - hand.chance_right
    sites = {}
    for site, confidence in zip(SITES, hand.confidence.tolist(), strict=True):
        x, y = (float(v) for v in points[INDEX[site]])
        status: SiteStatus = "found" if confidence >= LEAST_CONFIDENCE else "uncertain"
        if not (-0.5 <= x <= columns - 0.5 and -0.5 <= y <= rows - 0.5):
            status = "outside"
        sites[site] = FoundSite(x, y, confidence, status)
    breadth = width(points)
    margin = _BOX_MARGIN * breadth
    low, high = points.min(0) - margin, points.max(0) + margin
    box = (
        float(max(low[0], 0)),
        float(max(low[1], 0)),
        float(min(high[0], columns - 1)),
        float(min(high[1], rows - 1)),
    )
    return FoundHand(
        side,
        float(chance),
        expected is not None and expected != seen,
        box,
        compose(block_affine(block), hand.to_picture),
        breadth,
        sites,
    )
