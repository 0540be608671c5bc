"""Soft tissue of a hand: fingers, palm, thenar eminence and forearm blended into one envelope with webs."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import gaussian_filter

from scoring.phantoms.body import Body
from scoring.phantoms.bone_box import Grid, Plane
from scoring.phantoms.bone_outline import Points
from scoring.phantoms.carpals import to_mm
from scoring.phantoms.hand_anatomy import Skeleton

COARSE_MM: Final = 0.9
BLEND_MM: Final = 1.0

FLESH: Final[dict[str, tuple[float, float]]] = {
    "MC1": (86, 66),
    "PP1": (62, 54),
    "DP1": (54, 45),
    "MC2": (74, 66),
    "PP2": (61, 51),
    "MP2": (50, 45),
    "DP2": (45, 37),
    "MC3": (70, 64),
    "PP3": (62, 52),
    "MP3": (51, 47),
    "DP3": (47, 39),
    "MC4": (72, 64),
    "PP4": (59, 49),
    "MP4": (49, 44),
    "DP4": (44, 37),
    "MC5": (86, 70),
    "PP5": (54, 44),
    "MP5": (43, 39),
    "DP5": (39, 33),
}
"""Half-width of the flesh round each bone at its base and head, in template units."""

FOREARM: Final = (((441.0, 900.0), 172.0), ((440.0, 985.0), 162.0), ((432.0, 1090.0), 148.0), ((395.0, 1650.0), 205.0))
DEEPEST_MM: Final = {"finger": 9.5, "palm": 13.5, "forearm": 21.0}


class Rod(NamedTuple):
    """A tapered capsule: ends in picture mm, radii at the ends, half of the tissue's depth, share of the thickness."""

    first: Points
    second: Points
    radii: tuple[float, float]
    deep: float


def soft_tissue(rng: np.random.Generator, skeleton: Skeleton, body: Body, grid: Grid) -> Plane:
    """Thickness of soft tissue in mm over the whole picture."""
    plump = float(np.clip(rng.normal(1.0, 0.07), 0.85, 1.2)) * (1.04 if body.grows else 1.0)
    envelope = _thickness(_rods(skeleton, body, grid, plump), grid)
    thenar = _thickness(_thenar(skeleton, body, grid, plump), grid)
    total = envelope + 0.32 * thenar
    coarse = rng.standard_normal((grid.rows // 16 + 2, grid.columns // 16 + 2)).astype(np.float32)
    folds = _enlarged(gaussian_filter(coarse, 1.0), grid, 16)
    result: Plane = total * (1.0 + 0.06 * folds)
    return result


def _rods(skeleton: Skeleton, body: Body, grid: Grid, plump: float) -> list[Rod]:
    rods: list[Rod] = []
    unit = body.unit * plump
    for name, (base, head) in FLESH.items():
        bone = skeleton.bones[name]
        ends = np.stack([bone.base, bone.head])
        if name.startswith("D"):
            ends[1] = ends[1] - bone.axis * (head * unit - 4.2 * body.size)
        deep = DEEPEST_MM["palm" if name.startswith("MC") else "finger"] * body.size
        first, second = grid.pixels(ends) * grid.spacing_mm
        rods.append(Rod(first, second, (base * unit, head * unit), deep))
    places = [grid.pixels(to_mm(np.array(p), body)) * grid.spacing_mm for p, _ in FOREARM]
    for i in range(len(FOREARM) - 1):
        radii = (FOREARM[i][1] * unit, FOREARM[i + 1][1] * unit)
        rods.append(Rod(places[i], places[i + 1], radii, DEEPEST_MM["forearm" if i > 1 else "palm"] * 1.1 * body.size))
    return rods


def _thenar(skeleton: Skeleton, body: Body, grid: Grid, plump: float) -> list[Rod]:
    """Muscles between thumb and palm, whose edge shows as an arc across the second metacarpal space."""
    thumb, index = skeleton.bones["MC1"], skeleton.bones["MC3"]
    ends = np.stack([thumb.place(0.55 * thumb.length, -6.0 * body.size), index.place(0.12 * index.length, 0.0)])
    first, second = grid.pixels(ends) * grid.spacing_mm
    unit = body.unit * plump
    return [Rod(first, second, (92 * unit, 60 * unit), 11.0 * body.size)]


def _thickness(rods: list[Rod], grid: Grid) -> Plane:
    step = max(1, round(COARSE_MM / grid.spacing_mm))
    rows, columns = -(-grid.rows // step), -(-grid.columns // step)
    x = ((np.arange(columns, dtype=np.float32) + 0.5) * step - 0.5)[None, :] * np.float32(grid.spacing_mm)
    y = ((np.arange(rows, dtype=np.float32) + 0.5) * step - 0.5)[:, None] * np.float32(grid.spacing_mm)
    total = np.full((rows, columns), 1e-12, np.float32)
    deep = np.zeros((rows, columns), np.float32)
    for rod in rods:
        vector = (rod.second - rod.first).astype(np.float32)
        px, py = x - np.float32(rod.first[0]), y - np.float32(rod.first[1])
        t = np.clip((px * vector[0] + py * vector[1]) / np.float32(vector @ vector), 0.0, 1.0)
        radius = np.float32(rod.radii[0]) + t * np.float32(rod.radii[1] - rod.radii[0])
        distance = np.hypot(px - t * vector[0], py - t * vector[1]) - radius
        weight = np.exp(np.clip(-distance / BLEND_MM, -40.0, 40.0))
        total += weight
        deep += weight * np.float32(rod.deep)
    depth = _enlarged(np.log(total) * np.float32(BLEND_MM), grid, step)
    radius = _enlarged(deep / total, grid, step)
    reach = np.clip(depth, 0.0, radius)
    thickness = 2.0 * np.sqrt(np.maximum(2.0 * radius * reach - reach * reach, 0.0))
    return thickness.astype(np.float32)


def _enlarged(coarse: npt.NDArray[np.floating], grid: Grid, step: int) -> Plane:
    """A coarse plane on the picture's pixels; its pixel centres lie in the middle of ``step`` x ``step`` blocks."""
    picture = Image.fromarray(np.ascontiguousarray(coarse, dtype=np.float32))
    box = (0.0, 0.0, grid.columns / step, grid.rows / step)
    plane: Plane = np.asarray(picture.resize((grid.columns, grid.rows), Image.Resampling.BICUBIC, box=box))
    return plane
