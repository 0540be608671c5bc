"""What the search for a hand answers: types only, no torch.

Coordinates are (x, y) in pixels of the picture that was searched: 0-based, pixel centres, x to the right, y down.
The *canonical* hand has its fingers up and its thumb to the viewer's right: a left hand filmed from the back to the
palm (PA). A right hand is mirrored into it. The canonical frame is ``CANONICAL_WIDTH`` x ``CANONICAL_HEIGHT`` pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from scoring.score_rules.sharp_van_der_heijde import Side

SiteStatus = Literal["found", "outside", "uncertain"]

CANONICAL_WIDTH: Final = 128
CANONICAL_HEIGHT: Final = 160

WIDTH_OVER_KNUCKLES: Final = 1.35
"""The hand's breadth at the metacarpal heads is taken as this many times the distance from MCP2 to MCP5."""


@dataclass(frozen=True)
class FoundSite:
    """One scored site. ``confidence`` 0..1; ``outside``: not on the picture; ``uncertain``: not found surely."""

    x: float
    y: float
    confidence: float
    status: SiteStatus


@dataclass(frozen=True)
class FoundHand:
    """One hand of a picture.

    ``side`` is the header's side when one was given, else the side that the thumb tells on a PA view;
    ``side_probability`` is what the thumb says for ``side``, and ``side_conflict`` is true when the two disagree.
    ``box`` is x0, y0, x1, y1 around all sites with a margin. ``to_source`` (2, 3) maps canonical (x, y, 1) to the
    picture; it may mirror and rotate. ``hand_width``: breadth at the metacarpal heads in pixels of the picture,
    ``WIDTH_OVER_KNUCKLES`` times the distance from MCP2 to MCP5. ``sites`` has every key of ``SITES``.
    """

    side: Side
    side_probability: float
    side_conflict: bool
    box: tuple[float, float, float, float]
    to_source: npt.NDArray[np.float64]
    hand_width: float
    sites: Mapping[str, FoundSite]


@dataclass(frozen=True)
class HandSearch:
    """The answer for one picture.

    ``probability`` is the gate's: is a hand radiograph the subject of this picture. ``hands`` are sorted from the
    viewer's left to right once the fingers are up. ``quarter_turns``: how often ``numpy.rot90`` (counter-clockwise)
    turned the picture so that the fingers point up. ``inverted``: bone was dark, and the picture was inverted to be
    read.
    """

    is_hand: bool
    probability: float
    hands: tuple[FoundHand, ...] = field(default=())
    quarter_turns: int = 0
    inverted: bool = False

    def bone_bright(self, pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The picture (0..1) that was searched, as it was read: with bone bright."""
        return np.asarray(1 - pixels, np.float32) if self.inverted else pixels

    def hand_of(self, side: Side) -> FoundHand | None:
        """The first hand of a side."""
        return next((hand for hand in self.hands if hand.side == side), None)
