"""Heat that a network's view of a film gave, laid back on the film where that view came from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates

from scoring.anatomy.exposure_choice import HandOnFilm
from scoring.anatomy.film_view import Affine, inverse, moved
from scoring.contract import HeatmapFinding

LONGEST_EDGE: Final = 1024
"""Of a heatmap's grid, in cells."""


@dataclass(frozen=True)
class HeatOfHand:
    """What the views of one hand gave: (rows, columns) of 0..1 for each, and its affine to the film's pixels."""

    film: HandOnFilm
    views: Iterable[npt.NDArray[np.float32]]
    affines: Iterable[Affine]


def heatmaps(hands: Sequence[HeatOfHand], method: str, about: str) -> tuple[HeatmapFinding, ...]:
    """One heatmap a film, of all the hands on it; ``method`` and ``about`` as a report says them."""
    by_film: dict[str, list[HeatOfHand]] = {}
    for hand in hands:
        by_film.setdefault(hand.film.image.reference.sop_instance_uid, []).append(hand)
    return tuple(HeatmapFinding(uid, _of_film(here), method, about) for uid, here in by_film.items())


def _of_film(hands: Sequence[HeatOfHand]) -> npt.NDArray[np.uint8]:
    rows, columns = hands[0].film.pixels.shape
    views = [view for hand in hands for view in hand.views]
    return heat_on_film(views, [affine for hand in hands for affine in hand.affines], (rows, columns))


def heat_on_film(
    heat: Iterable[npt.NDArray[np.float32]], affines: Iterable[Affine], shape: tuple[int, int]
) -> npt.NDArray[np.uint8]:
    """A grid over a whole film of ``shape`` pixels, 0 cold, 255 hot.

    ``heat``: (rows, columns) of 0..1 for each view, with the affine from its pixels to the film's. Where views overlap
    the hotter counts.
    """
    step = max(1.0, max(shape) / LONGEST_EDGE)
    rows, columns = (max(1, round(n / step)) for n in shape)
    grid = np.zeros((rows, columns), np.float32)
    to_film = np.array([shape[1] / columns, shape[0] / rows])
    for affine, one in zip(affines, heat, strict=True):
        _paint(grid, one, affine, to_film)
    return np.asarray(np.rint(grid * 255), np.uint8)


def _paint(
    grid: npt.NDArray[np.float32], heat: npt.NDArray[np.float32], affine: Affine, to_film: npt.NDArray[np.float64]
) -> None:
    """Lay one view's heat on the cells under it. Cell (i, j) has its middle at film point (x + 0.5) * to_film - 0.5."""
    if heat.max() <= 0:
        return
    bottom, right = (n - 0.5 for n in heat.shape)
    corners = np.array([[-0.5, -0.5], [right, -0.5], [-0.5, bottom], [right, bottom]])
    cells = (moved(affine, corners) + 0.5) / to_film - 0.5
    limit = np.array([grid.shape[1], grid.shape[0]])
    low = np.clip(np.floor(cells.min(0)), 0, limit).astype(int)
    high = np.clip(np.ceil(cells.max(0)) + 1, 0, limit).astype(int)
    if (high <= low).any():
        return
    x, y = np.meshgrid(np.arange(low[0], high[0]), np.arange(low[1], high[1]))
    places = moved(inverse(affine), (np.stack([x, y], -1) + 0.5) * to_film - 0.5)
    values = map_coordinates(heat, [places[..., 1], places[..., 0]], order=1, mode="constant")
    part = grid[low[1] : high[1], low[0] : high[0]]
    np.maximum(part, values, out=part)
