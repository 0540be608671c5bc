"""Bones on the picture's pixels: each rasterised in a box of its own, with its own coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from scipy.ndimage import distance_transform_edt, gaussian_filter

from scoring.phantoms.bone_outline import Bone, Points

Plane = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

SUPERSAMPLE: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """From millimetres of the hand's frame to pixels of the picture: ``pixel = mm @ turn + shift``."""

    turn: npt.NDArray[np.float64]
    shift: Points
    spacing_mm: float
    rows: int
    columns: int

    def pixels(self, mm: Points) -> Points:
        """Points in mm as (x, y) pixels."""
        result: Points = mm @ self.turn + self.shift
        return result


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """One bone's part of the picture, with its own coordinates (mm along the axis and across it)."""

    rows: slice
    columns: slice
    along: Plane
    across: Plane
    coverage: Plane
    depth: Plane


def bone_box(bone: Bone, grid: Grid) -> Box | None:
    """Rasterise a bone's contour: coverage 0..1 and depth below the contour in mm. None when outside the picture."""
    contour = grid.pixels(bone.outline)
    x0, y0 = np.maximum(np.floor(contour.min(0)).astype(int) - 3, 0)
    x1, y1 = np.minimum(np.ceil(contour.max(0)).astype(int) + 4, [grid.columns, grid.rows])
    if x1 - x0 < 4 or y1 - y0 < 4:
        return None
    canvas = Image.new("L", ((x1 - x0) * SUPERSAMPLE, (y1 - y0) * SUPERSAMPLE))
    corners = (contour - [x0, y0] + 0.5) * SUPERSAMPLE - 0.5
    ImageDraw.Draw(canvas).polygon([(float(x), float(y)) for x, y in corners], fill=255)
    coverage = np.asarray(canvas.reduce(SUPERSAMPLE), dtype=np.float32) / 255.0
    inside = np.pad(coverage >= 0.5, 1)
    if x0 == 0 or y0 == 0 or x1 == grid.columns or y1 == grid.rows:
        inside = _continued(inside, y0 == 0, y1 == grid.rows, x0 == 0, x1 == grid.columns)
    steps = distance_transform_edt(inside)[1:-1, 1:-1].astype(np.float32)
    depth = gaussian_filter(np.maximum(steps - 0.5, 0.0), 0.5) * grid.spacing_mm
    x, y = np.meshgrid(np.arange(x0, x1, dtype=np.float32), np.arange(y0, y1, dtype=np.float32))
    base, head = grid.pixels(np.stack([bone.base, bone.head]))
    unit = (head - base) / np.hypot(*(head - base))
    along = ((x - base[0]) * unit[0] + (y - base[1]) * unit[1]) * grid.spacing_mm
    side = 1.0 if np.linalg.det(grid.turn) > 0 else -1.0
    across = ((y - base[1]) * unit[0] - (x - base[0]) * unit[1]) * grid.spacing_mm * side
    return Box(slice(y0, y1), slice(x0, x1), along.astype(np.float32), across.astype(np.float32), coverage, depth)


def _continued(inside: Mask, top: bool, bottom: bool, left: bool, right: bool) -> Mask:
    """A bone cut by the picture's edge has no cortex there: let it go on beyond the edge."""
    grown = inside.copy()
    if top:
        grown[0] = grown[1]
    if bottom:
        grown[-1] = grown[-2]
    if left:
        grown[:, 0] = grown[:, 1]
    if right:
        grown[:, -1] = grown[:, -2]
    return grown
