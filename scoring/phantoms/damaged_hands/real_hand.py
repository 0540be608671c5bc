"""A hand without arthritis on a real film: its pixels, and where its sites are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.anatomy.found_hand import FoundHand
from scoring.score_rules.sharp_van_der_heijde import Side

Grey = npt.NDArray[np.float32]
Point = npt.NDArray[np.float64]

BREADTH_MM: Final = 82.0
"""Of the hand that lengths are given for."""

_TOWARDS: Final = {
    "IP1": ("MCP1", "IP1"),
    "MC1B": ("MC1B", "MCP1"),
    "MCP1": ("MC1B", "IP1"),
    "STT": ("SCAPHOID", "TRAPEZIUM"),
    **{f"CMC{n}": (f"CMC{n}", f"MCP{n}") for n in (3, 4, 5)},
    **{f"MCP{n}": (f"MCP{n}", f"PIP{n}") for n in range(2, 6)},
    **{f"PIP{n}": (f"MCP{n}", f"PIP{n}") for n in range(2, 6)},
}
"""Two sites whose line is the axis of a site; of the others it is the middle ray's."""


@dataclass(frozen=True)
class RealHand:
    """``pixels`` (rows, columns) 0..1, bone bright; ``centres`` (x, y) in pixels by site; ``breadth`` in pixels.

    ``visible``: the sites that the hand finder saw surely. Others are never drawn into.
    """

    name: str
    pixels: Grey
    side: Side
    centres: Mapping[str, tuple[float, float]]
    visible: frozenset[str]
    breadth: float

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the film."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def mm(self) -> float:
        """Pixels in one mm."""
        return self.breadth / BREADTH_MM

    def without(self, sites: frozenset[str]) -> RealHand:
        """The same hand, in which these sites are left alone."""
        return replace(self, visible=self.visible - sites)

    def centre(self, site: str) -> Point:
        """The site's centre, x and y in pixels."""
        return np.array(self.centres[site], np.float64)

    def axis(self, site: str) -> Point:
        """The direction of length one along the bones of a site, from the forearm to the finger tips."""
        start, end = _TOWARDS.get(site, ("RC", "MCP3"))
        way = self.centre(end) - self.centre(start)
        return np.asarray(way / max(float(np.hypot(*way)), 1e-6))


def real_hand(name: str, pixels: Grey, found: FoundHand) -> RealHand:
    """A hand that the finder found on a film; ``pixels`` with bone bright."""
    sites = found.sites.items()
    centres = {key: (site.x, site.y) for key, site in sites}
    visible = frozenset(key for key, site in sites if site.status == "found")
    return RealHand(name, pixels, found.side, centres, visible, found.hand_width)
