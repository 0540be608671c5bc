"""Small bones that are there or not: sesamoids of the thumb, the hook of the hamate seen end on."""

from __future__ import annotations

import numpy as np

from scoring.phantoms.bone_outline import Bone, Points
from scoring.phantoms.graded_hand import GradedHand


def small_bones(rng: np.random.Generator, hand: GradedHand) -> list[tuple[Bone, float]]:
    """Up to two sesamoids at the head of metacarpal 1 and the hook of the hamate, with their share of full density."""
    if hand.body.age < 11.5:
        return []
    thumb, hamate, size = hand.skeleton.bones["MC1"], hand.skeleton.bones["hamate"], hand.body.size
    hook = hamate.outline.mean(0) + np.array([1.4, -0.6]) * size + rng.normal(0.0, 0.5, 2)
    found = [(_pebble("hook", hook, (1.8 * size, 2.6 * size)), float(rng.uniform(0.2, 0.7)))]
    for side in rng.permutation([-1.0, 1.0])[: int(rng.integers(0, 3))]:
        across = float(side * rng.uniform(0.5, 1.05)) * thumb.half_widths[2]
        middle = thumb.place(thumb.length - float(rng.uniform(2.0, 4.5)), across)
        radius = float(rng.uniform(1.5, 2.4)) * size
        found.append((_pebble("sesamoid", middle, (radius, radius * float(rng.uniform(0.75, 1.0)))), 1.0))
    return found


def _pebble(name: str, middle: Points, radii: tuple[float, float]) -> Bone:
    circle = np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False)
    outline = middle + np.stack([np.cos(circle), np.sin(circle)], 1) * np.array(radii)
    up = np.array([0.0, -radii[1]])
    return Bone(name, outline, middle - up, middle + up, (min(radii), min(radii), min(radii)), tube=False)
