"""Phantom hands that are healthy but for one joint: a heatmap has one place to point at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.anatomy.found_hand import WIDTH_OVER_KNUCKLES
from scoring.phantoms.hand import HandPhantom, draw_hand
from scoring.phantoms.seeded import stream
from scoring.score_rules.sharp_van_der_heijde import HIGHEST_GRADE, ITEMS, SITES, SITES_OF

_FIRST_SEED: Final = 920_000
_SPACING_MM: Final = 0.4
"""Coarse, so that a hundred phantoms are drawn in seconds."""
_LEAST_GRADE: Final = 2
_BOX_SHARE: Final = 0.28
"""Edge of a scored joint's box as a share of the hand's breadth: about 23 mm in an adult."""


@dataclass(frozen=True)
class DamagedJoint:
    """A phantom hand that is healthy but for one site."""

    phantom: HandPhantom
    site: str

    def healed(self) -> HandPhantom:
        """The same hand on the same film, without the damage."""
        return draw_hand(self.phantom.seed, grades={}, spacing_mm=_SPACING_MM)

    def hit_by(self, heat: npt.NDArray[np.generic]) -> bool:
        """Whether the hottest point of a grid over the whole film, coarse or fine, lies in the damaged joint's box."""
        row, column = np.unravel_index(int(heat.argmax()), heat.shape)
        rows, columns = self.phantom.pixels.shape
        x, y = (column + 0.5) * columns / heat.shape[1] - 0.5, (row + 0.5) * rows / heat.shape[0] - 0.5
        x0, y0, x1, y1 = joint_boxes(self.phantom.centres)[self.site]
        return bool(x0 <= x <= x1 and y0 <= y <= y1)


def damaged_joints(count: int) -> list[DamagedJoint]:
    """Phantoms with one damaged joint each, every item of it graded at least 2; sites in turn, children among them."""
    joints: list[DamagedJoint] = []
    seed = _FIRST_SEED
    while len(joints) < count:
        chance = stream(seed, "damaged joint")
        site = SITES[len(joints) % len(SITES)]
        grades = {
            (site, item): int(chance.integers(_LEAST_GRADE, HIGHEST_GRADE[item] + 1))
            for item in ITEMS
            if site in SITES_OF[item]
        }
        phantom = draw_hand(seed, grades=grades, spacing_mm=_SPACING_MM)
        if site in phantom.visible:
            joints.append(DamagedJoint(phantom, site))
        seed += 1
    return joints


def joint_boxes(centres: Mapping[str, tuple[float, float]]) -> dict[str, npt.NDArray[np.float64]]:
    """x0, y0, x1, y1 in pixels around every scored joint."""
    breadth = WIDTH_OVER_KNUCKLES * float(np.hypot(*np.subtract(centres["MCP2"], centres["MCP5"])))
    half = _BOX_SHARE * breadth / 2
    return {site: np.array([x - half, y - half, x + half, y + half]) for site, (x, y) in centres.items()}
