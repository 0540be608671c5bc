"""Do capillaries lie in one row, as behind a nail, or all over a picture, as in skin seen from above?"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from scoring.capillaroscopy.capillary_network import BAND_UM, UM_PER_PX

Points = npt.NDArray[np.float64]
"""(n,)."""

_LIKELY: Final = 0.5
"""Less surely on a row, a place does not count: what a network doubts everywhere is no second row."""
_CELL: Final = 8
"""Pixels of the view to a cell: a row is a thing of hundreds of micrometres."""
_CELL_UM: Final = _CELL * UM_PER_PX
_REACH: Final = 200 / _CELL_UM
"""Cells to either side of the main row that belong to it: further apart than this lies the next row behind a nail."""
_DIRECTIONS: Final = 9
_ROUNDS: Final = 3
"""In which the line follows what lies near it."""


def apart_mm(row: Tensor) -> float:
    """Millimetres of row that lie apart from the main one; (rows, columns): probability of lying on a row.

    The main row is the parabola along which most lies, whichever way the picture was held. 0 where no row is sure.
    """
    likely = torch.where(row >= _LIKELY, row, 0.0)[None, None]
    cells = functional.avg_pool2d(likely, _CELL, ceil_mode=True)[0, 0].double().numpy()
    y, x = np.nonzero(cells)
    if not len(x):
        return 0.0
    weight = cells[y, x]
    right, down = (place - np.average(place, weights=weight) for place in (x, y))
    turns = np.arange(_DIRECTIONS) * (np.pi / _DIRECTIONS)
    apart = min(
        _apart(right * np.cos(turn) + down * np.sin(turn), down * np.cos(turn) - right * np.sin(turn), weight)
        for turn in turns
    )
    return apart * _CELL_UM**2 / BAND_UM / 1000


def _apart(along: Points, across: Points, weight: Points) -> float:
    """What lies beyond the reach of the parabola that runs this way."""
    strips = np.floor(across / _REACH).astype(int)
    strips -= strips.min()
    near = strips == np.bincount(strips, weights=weight).argmax()
    powers = np.vander(along, 3)
    for _ in range(_ROUNDS):
        share = np.sqrt(weight[near])
        line = np.linalg.lstsq(powers[near] * share[:, None], across[near] * share, rcond=None)[0]
        near = np.abs(across - powers @ line) <= _REACH
        if not near.any():
            break
    return float(weight[~near].sum())
