"""Read the maps of one picture: a loop at each maximum of the apex map, the length of the row from its band."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from scoring.capillaroscopy.capillary_network import BAND_UM, UM_PER_PX, NailfoldMaps, width_um

_APART: Final = 4
"""Maxima nearer than so many pixels of the view, in both directions, are one: a loop is broader than that."""
_NEAR: Final = 1
"""Widths are weighted means over so many pixels around a maximum."""


@dataclass(frozen=True)
class SeenLoops:
    """``places`` (n, 2): x, y in pixels of the view, between them; ``diameters_um``, ``certainties`` (n,)."""

    places: npt.NDArray[np.float64]
    diameters_um: npt.NDArray[np.float64]
    certainties: npt.NDArray[np.float64]


def seen_loops(maps: NailfoldMaps, least_certainty: float) -> SeenLoops:
    """Every maximum of the first view's apex map of at least this certainty, the surest first.

    The limbs of a loop lie side by side, so that none is less than twice as broad as its vessel: a second maximum
    within one diameter of a surer one is the same capillary.
    """
    certainty = torch.sigmoid(maps.apex[:1])
    highest = _highest_around(certainty)
    _, rows, columns = torch.nonzero((certainty == highest) & (certainty >= least_certainty), as_tuple=True)
    order = torch.argsort(certainty[0, rows, columns], descending=True, stable=True)
    rows, columns = rows[order], columns[order]
    weight = _around(certainty[0], rows, columns)
    weight = weight / weight.sum(1, keepdim=True)
    width = (_around(maps.log_width[0], rows, columns) * weight).sum(1)
    x, y = columns + _between(certainty[0], rows, columns, 0, 1), rows + _between(certainty[0], rows, columns, 1, 0)
    places, widths = torch.stack((x, y), 1).double().numpy(), width_um(width).double().numpy()
    kept = _one_a_loop(places, widths / UM_PER_PX)
    return SeenLoops(places[kept], widths[kept], certainty[0, rows, columns].double().numpy()[kept])


def _highest_around(certainty: Tensor) -> Tensor:
    """(1, rows, columns): the highest value of the square around each place, across first and then down: a third of
    the time of both at once."""
    reach = _APART - 1
    across = functional.max_pool2d(certainty[:, None], (1, 2 * reach + 1), 1, (0, reach))
    return functional.max_pool2d(across, (2 * reach + 1, 1), 1, (reach, 0))[:, 0]


def _one_a_loop(places: npt.NDArray[np.float64], reaches: npt.NDArray[np.float64]) -> list[int]:
    """Those places that lie within the reach of none before them that was kept."""
    kept: list[int] = []
    for n, place in enumerate(places):
        if all(np.hypot(*(place - places[k])) >= reaches[k] for k in kept):
            kept.append(n)
    return kept


def row_mm(maps: NailfoldMaps, part: Tensor | None = None) -> float:
    """Length of the row of the first view, or of a ``part`` (rows, columns) of it: the area of its band by its breadth.

    Probabilities are added up, not counted above a limit: where the network is unsure, the area stays the expected one.
    """
    row = torch.sigmoid(maps.row[0])
    area_um2 = float((row if part is None else row * part).sum()) * UM_PER_PX**2
    return area_um2 / BAND_UM / 1000


def _between(certainty: Tensor, rows: Tensor, columns: Tensor, down: int, across: int) -> Tensor:
    """(n,): how far the top lies from its pixel in one direction; the logarithm of a hill is a parabola."""
    before, top, after = (_at(certainty, rows + n * down, columns + n * across).log() for n in (-1, 0, 1))
    bend = before + after - 2 * top
    return torch.where(bend < 0, (before - after) / (2 * bend), 0.0).clamp(-0.5, 0.5)


def _around(plane: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """(n, pixels): what is near each place."""
    down, across = torch.meshgrid(torch.arange(-_NEAR, _NEAR + 1), torch.arange(-_NEAR, _NEAR + 1), indexing="ij")
    return _at(plane, rows[:, None] + down.flatten(), columns[:, None] + across.flatten())


def _at(plane: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Values at these places; beyond the edge its outermost pixels again."""
    return plane[rows.clamp(0, plane.shape[0] - 1), columns.clamp(0, plane.shape[1] - 1)]
