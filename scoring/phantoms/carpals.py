"""The eight bones of the wrist at any age, and the way from template units to millimetres."""

from __future__ import annotations

from typing import Final

import numpy as np

from scoring.phantoms.body import Body
from scoring.phantoms.bone_outline import Bone, Points, smooth_closed
from scoring.phantoms.hand_template import AGE_SEEN_YEARS, CARPALS

ORIGIN: Final = np.array([450.0, 1005.0])
"""Template point (middle of the radiocarpal joint) at which the hand's frame in mm has its origin."""


def to_mm(points: Points, body: Body) -> Points:
    """Template points in mm of a body's hand, origin at the wrist."""
    result: Points = (points - ORIGIN) * body.unit
    return result


def grow_carpals(rng: np.random.Generator, body: Body, bones: dict[str, Bone]) -> frozenset[str]:
    """Place the carpal bones; in children they are smaller, rounder, or not yet there."""
    unseen: set[str] = set()
    for name, outline in CARPALS.items():
        corners = to_mm(np.array(outline), body)
        middle = corners.mean(0)
        spokes = corners - middle
        grown = 1.0
        if body.grows:
            seen = AGE_SEEN_YEARS[name] * float(rng.normal(1.0, 0.06))
            if body.age < seen:
                unseen.add(name)
            grown = float(np.clip(0.30 + 0.70 * (body.age - seen) / (13.5 - seen), 0.30, 1.0))
        radii = np.hypot(spokes[:, 0], spokes[:, 1])[:, None]
        rounder = spokes / radii * radii.mean()
        spokes = (spokes * grown + rounder * (1.0 - grown)) * (0.35 + 0.65 * grown)
        spokes = spokes * float(rng.normal(1.0, 0.015)) + rng.normal(0.0, 0.2 * body.size, spokes.shape)
        middle = middle + rng.normal(0.0, 0.25, 2)
        radius = float(np.hypot(spokes[:, 0], spokes[:, 1]).min())
        up = np.array([0.0, -radius])
        contour = smooth_closed(middle + spokes)
        bones[name] = Bone(name, contour, middle - up, middle + up, (radius, radius, radius), tube=False)
    return frozenset(unseen)
