"""Palms on the overview: read from its grid, and agreed between the four quarter turns of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from scoring.anatomy.overview_network import CELLS, LENGTH_UNIT, STRIDE, VIEW

TURNS: Final = 4
LEAST_VOTE: Final = 0.15
_HANDS: Final = 2
"""On one film, at most."""
"""A palm must be this probable on one turn, and in the mean over all four."""


@dataclass(frozen=True)
class PalmSeen:
    """One hand on the overview, in view pixels: palm centre, vector from the wrist to MCP3, probability."""

    x: float
    y: float
    up_x: float
    up_y: float
    probability: float


def palms(grid: Tensor) -> tuple[PalmSeen, ...]:
    """The strongest palm centres of one grid (5, 16, 16), at most two, none inside another's palm."""
    strength = torch.sigmoid(grid[0])
    seen: list[PalmSeen] = []
    for flat in torch.argsort(strength.flatten(), descending=True)[:24].tolist():
        row, column = divmod(int(flat), CELLS)
        probability = float(strength[row, column])
        if probability < LEAST_VOTE or len(seen) == _HANDS:
            break
        up_x, up_y = (float(v) * LENGTH_UNIT for v in grid[1:3, row, column])
        x = (column + 0.5 + float(grid[3, row, column])) * STRIDE - 0.5
        y = (row + 0.5 + float(grid[4, row, column])) * STRIDE - 0.5
        length = max((up_x**2 + up_y**2) ** 0.5, 1e-3)
        if all((x - s.x) ** 2 + (y - s.y) ** 2 > (0.8 * length) ** 2 for s in seen):
            seen.append(PalmSeen(x, y, up_x, up_y, probability))
    return tuple(seen)


def turned_back(seen: PalmSeen, turns: int) -> PalmSeen:
    """A palm found on a view turned by ``rot90`` this many times, on the view as it was."""
    x, y, up_x, up_y = seen.x, seen.y, seen.up_x, seen.up_y
    for _ in range(turns):
        x, y, up_x, up_y = VIEW - 1 - y, x, -up_y, up_x
    return PalmSeen(x, y, up_x, up_y, seen.probability)


def agreed(found: list[PalmSeen]) -> list[PalmSeen]:
    """Palms seen on several turns are one; the surest turn says which way is up."""
    groups: list[list[PalmSeen]] = []
    for one in sorted(found, key=lambda p: -p.probability):
        length = (one.up_x**2 + one.up_y**2) ** 0.5
        for group in groups:
            if (group[0].x - one.x) ** 2 + (group[0].y - one.y) ** 2 < (0.8 * length) ** 2:
                group.append(one)
                break
        else:
            groups.append([one])
    merged = sorted((_merged(group) for group in groups), key=lambda p: -p.probability)
    return [one for one in merged if one.probability > LEAST_VOTE][:_HANDS]


def _merged(group: list[PalmSeen]) -> PalmSeen:
    """The mean of a group, each counted by its probability; its own is the mean over the four turns."""
    share = np.array([p.probability for p in group])
    values = np.array([[p.x, p.y, p.up_x, p.up_y] for p in group])
    same = values[:, 2:4] @ values[0, 2:4] > 0  # one turn may have taken the forearm for the fingers
    x, y, up_x, up_y = (float(v) for v in (share * same) @ values / (share * same).sum())
    return PalmSeen(x, y, up_x, up_y, float(share.sum()) / TURNS)
