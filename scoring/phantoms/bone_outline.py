"""Outlines of bones: what one bone is, and the contours of metacarpals and phalanges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
LongBone = Literal["metacarpal", "phalanx", "distal"]
_STEPS: Final = 7
"""Of a smooth curve between two of its corners."""


@dataclass(frozen=True, slots=True, eq=False)
class Bone:
    """A bone in millimetres of the hand's own frame.

    ``outline``: closed contour (n, 2). ``base``, ``head``: ends of its axis. ``half_widths``: base, waist, head.
    ``tube``: has a shaft with a thick cortex. ``physis_mm``: distances of open growth plates along the axis.
    ``epiphysis_width``: width of the epiphysis beyond a growth plate as a share of the full width.
    """

    name: str
    outline: Points
    base: Points
    head: Points
    half_widths: tuple[float, float, float]
    tube: bool
    physis_mm: tuple[float, ...] = ()
    epiphysis_width: float = 1.0

    @property
    def length(self) -> float:
        """Axis length in mm."""
        return float(np.hypot(*(self.head - self.base)))

    @property
    def axis(self) -> Points:
        """Unit vector from base to head."""
        vector: Points = (self.head - self.base) / self.length
        return vector

    def place(self, along_mm: float, across_mm: float) -> Points:
        """A point given along the axis and across it (positive to the right of the direction base to head)."""
        axis = self.axis
        point: Points = self.base + along_mm * axis + across_mm * np.array([-axis[1], axis[0]])
        return point


def smooth_closed(corners: Points) -> Points:
    """A closed Catmull-Rom curve through ``corners``."""
    before, after, beyond = np.roll(corners, 1, 0), np.roll(corners, -1, 0), np.roll(corners, -2, 0)
    t = (np.arange(_STEPS) / _STEPS)[None, :, None]
    p0, p1, p2, p3 = (a[:, None, :] for a in (before, corners, after, beyond))
    curve = 0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3)
    result: Points = curve.reshape(-1, 2)
    return result


def long_bone_corners(kind: LongBone, length: float, half_widths: tuple[float, float, float]) -> Points:
    """Control points (across, along) in mm of a long bone from the middle of its base round by the head.

    Bases of phalanges are hollow, heads of metacarpals round, heads of phalanges have two condyles,
    distal phalanges end in a tuft.
    """
    base, waist, head = half_widths
    if kind == "metacarpal":
        half = [
            (0.55 * base, 0.0),
            (0.90 * base, 0.4),
            (base, 2.0),
            (0.94 * base, 0.07 * length + 1.0),
            (0.5 * (base + waist), 0.2 * length),
            (1.04 * waist, 0.36 * length),
            (waist, 0.52 * length),
            (1.06 * waist, 0.66 * length),
            (0.5 * (waist + head), max(length - 1.9 * head, 0.73 * length)),
            (0.93 * head, length - 1.25 * head),
            (head, length - 0.82 * head),
            (0.85 * head, length - 0.34 * head),
            (0.48 * head, length - 0.07 * head),
        ]
        ends = (0.6, length)
    elif kind == "phalanx":
        half = [
            (0.5 * base, 0.5),
            (0.86 * base, 0.0),
            (base, 1.0),
            (0.98 * base, 2.6),
            (0.62 * base + 0.38 * waist, 0.18 * length),
            (0.22 * base + 0.82 * waist, 0.36 * length),
            (waist, 0.6 * length),
            (1.06 * waist, 0.75 * length),
            (0.93 * head, length - 0.9 * head),
            (head, length - 0.5 * head),
            (0.84 * head, length - 0.1 * head),
            (0.5 * head, length),
        ]
        ends = (0.9, length - 0.35)
    else:
        half = [
            (0.5 * base, 0.3),
            (0.86 * base, 0.0),
            (base, 0.9),
            (0.9 * base, 2.0),
            (0.5 * (base + waist), 0.25 * length),
            (waist, 0.55 * length),
            (1.02 * waist, 0.7 * length),
            (head, 0.84 * length),
            (0.98 * head, 0.92 * length),
            (0.6 * head, 0.985 * length),
        ]
        ends = (0.6, length)
    right = np.array(half)
    left = right[::-1] * np.array([-1.0, 1.0])
    corners: Points = np.concatenate([[(0.0, ends[0])], right, [(0.0, ends[1])], left])
    return corners
