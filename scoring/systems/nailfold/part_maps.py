"""Where on a drawn picture the parts lie that its labels follow from: what only phantoms can tell a network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from scoring.phantoms.nailfold.capillary import Capillary
from scoring.phantoms.nailfold.nailfold import NailfoldPhantom
from scoring.phantoms.nailfold.vessel import Points
from scoring.score_rules.nailfold_labels import GIANT_ABOVE_UM, NORMAL_SHAPES

PARTS: Final = ("apex", "abnormal_shape", "giant", "haemorrhage")
STRIDE: Final = 4
"""Pixels of a picture in either direction for each place of its maps."""
PartMaps = npt.NDArray[np.uint8]
"""(4, rows / 4, columns / 4) in the order of ``PARTS``; 0 nothing, 255 there."""

_APEX_UM: Final = 12.0
"""Spread of an apex's mark."""
_APEX_PLACES: Final = 0.7
"""And at least so many places."""
_WIDE_UM: Final = 90.0
"""How far from its tip a giant capillary is marked: further down it is narrower."""
_IN_SIGHT: Final = 0.35
"""A limb shows less the deeper it sinks; below this nobody sees how it is coiled."""


def part_maps(phantom: NailfoldPhantom) -> PartMaps:
    """The maps of one picture; also of one that is too blurry to show the parts."""
    rows, columns = (size // STRIDE for size in phantom.view.shape)
    maps = np.zeros((len(PARTS), rows, columns), np.uint8)
    tips = np.array([(c.u, c.v) for c in phantom.capillaries], np.float32).reshape(-1, 2)
    maps[0] = _apices(_places(phantom, tips), (rows, columns), _APEX_UM / (phantom.view.um_per_px * STRIDE))
    for part, points in _marks(phantom):
        x, y = np.rint(_places(phantom, points)).astype(int).T
        seen = (x >= 0) & (y >= 0) & (x < columns) & (y < rows)
        maps[PARTS.index(part), y[seen], x[seen]] = 255
    for one in maps[1:]:
        one[...] = ndimage.grey_dilation(one, (3, 3))
    return maps


def _marks(phantom: NailfoldPhantom) -> Iterator[tuple[str, Points]]:
    for capillary in phantom.capillaries:
        if capillary.shape not in NORMAL_SHAPES:
            yield from (("abnormal_shape", points) for points in _abnormal(capillary))
        if capillary.diameter_um > GIANT_ABOVE_UM:
            loop = capillary.vessels[0].middle
            yield "giant", loop[np.hypot(*(loop - (capillary.u, capillary.v)).T) < _WIDE_UM]
    for haemorrhage in phantom.haemorrhages:
        yield "haemorrhage", haemorrhage.spots[:, :2]


def _abnormal(capillary: Capillary) -> Iterator[Points]:
    """What makes it so: the sprouts, or the loop that is coiled, as far as it shows."""
    loop, *sprouts = capillary.vessels
    if sprouts:
        yield from (sprout.middle for sprout in sprouts)
    else:
        yield loop.middle[loop.shown > _IN_SIGHT]


def _places(phantom: NailfoldPhantom, points: Points) -> Points:
    """(n, 2) x, y in places of the maps."""
    return np.asarray((phantom.view.to_pixels(points) + 0.5) / STRIDE - 0.5, np.float32)


def _apices(tips: Points, shape: tuple[int, int], spread: float) -> npt.NDArray[np.uint8]:
    y, x = np.ogrid[: shape[0], : shape[1]]
    mark = np.zeros(shape, np.float32)
    for tip_x, tip_y in tips:
        away = ((x - tip_x) ** 2 + (y - tip_y) ** 2) / (2 * max(spread, _APEX_PLACES) ** 2)
        mark = np.maximum(mark, np.exp(-away))
    return np.asarray(255 * mark, np.uint8)
