"""A vessel as points along its middle, and how thick the blood is that light must pass through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.phantoms.nailfold.texture import Plane

Points = npt.NDArray[np.floating]
"""(points, 2): u, v in micrometres, or x, y in pixels."""
Along = npt.NDArray[np.floating]
"""(points,): one number for each."""
_THINNEST_PX: Final = 0.75


@dataclass(frozen=True, slots=True)
class Vessel:
    """``radius``: of the column of blood. ``shown``: 0..1, how much of it the skin above lets through."""

    middle: Points
    radius: Along
    shown: Along

    def at_pixels(self, pixels: Points, um_per_px: float) -> Vessel:
        """The same vessel with its middle and radius in pixels."""
        return Vessel(pixels, self.radius / np.float32(um_per_px), self.shown)


def as_one(vessels: Sequence[Vessel]) -> Vessel:
    """All points of many vessels, so close to each other, in pixels, that the spheres around them make tubes."""
    middle = np.concatenate([vessel.middle for vessel in vessels])
    radius = np.concatenate([vessel.radius for vessel in vessels])
    shown = np.concatenate([vessel.shown for vessel in vessels])
    first = np.cumsum([0, *(len(vessel.radius) for vessel in vessels)])
    steps = np.hypot(*np.diff(middle, axis=0).T) / np.maximum(0.8, 0.4 * radius[1:])
    steps[first[1:-1] - 1] = 1.0
    # One interpolation serves all: the way is counted in steps, and no point is set between two vessels.
    way = np.concatenate(([0.0], np.cumsum(steps)))
    at = np.concatenate([np.arange(way[a], way[b - 1], 1.0) for a, b in pairwise(first)])
    x, y, wide, seen = (np.interp(at, way, column).astype(np.float32) for column in (*middle.T, radius, shown))
    return Vessel(np.stack((x, y), axis=1), wide, seen)


def blood_thickness(vessels: Sequence[Vessel], shape: tuple[int, int], um_per_px: float) -> Plane:
    """Micrometres of blood at each pixel; vessels in pixels. Where vessels cross, the thicker one counts."""
    plane = np.zeros(shape, np.float32)
    if not vessels:
        return plane
    points = as_one(vessels)
    reach = np.ceil(np.maximum(points.radius, _THINNEST_PX)).astype(int)
    for n in np.unique(reach):
        of_size = reach == n
        _add_spheres(plane, points.middle[of_size], points.radius[of_size], points.shown[of_size], int(n), um_per_px)
    return plane


def _add_spheres(plane: Plane, middle: Points, radius: Along, shown: Along, reach: int, um_per_px: float) -> None:
    """The union of spheres, each seen as the length of the ray through it; thinner than a pixel: wider and paler."""
    corner = np.floor(middle).astype(int)
    rest = middle - corner
    dy, dx = np.mgrid[-reach : reach + 2, -reach : reach + 2].reshape(2, -1)
    wide = np.maximum(radius, _THINNEST_PX)
    distance2 = (dx - rest[:, :1]) ** 2 + (dy - rest[:, 1:]) ** 2
    chord = 2 * np.sqrt(np.maximum(wide[:, None] ** 2 - distance2, 0))
    chord *= (um_per_px * shown * (radius / wide) ** 2)[:, None]
    x, y = corner[:, :1] + dx, corner[:, 1:] + dy
    inside = (chord > 0) & (x >= 0) & (y >= 0) & (x < plane.shape[1]) & (y < plane.shape[0])
    np.maximum.at(plane.reshape(-1), (y * plane.shape[1] + x)[inside], chord[inside].astype(np.float32))
