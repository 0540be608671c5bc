"""Local warps of a film: bone ends moved together, or aside, or drawn out into a spur.

A warp says for every place of the new picture where it was in the old one. Warps of all joints are added up, and the
film is sampled once; what no warp reaches keeps its pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from scipy.ndimage import map_coordinates

from scoring.phantoms.damaged_hands.joint_line import JointFrame, JointLine
from scoring.phantoms.damaged_hands.real_hand import Grey, Point

Displacement = Callable[[Point, Point], tuple[Point, Point]]
"""From places (along, across) of the new picture in mm: how far away, along and across, they were in the old one."""

_STRETCH_MM: Final = 10.0
"""A bone end that moves draws this much of the bone behind it: growth plates within are hardly changed."""
_BESIDE_MM: Final = 3.0
"""Soft tissue beside a joint gives way over this length."""
_CLOSED_MM: Final = 0.12
"""Half of the space that a warp leaves where bones touch."""
_SKIN_GIVES: Final = 1.6
"""Beside a bone that is out of its joint the flesh is drawn over ever longer stretches, and the skin has no step."""
_SWERVE_MM: Final = 24.0
"""A bone that is out of its joint comes back to its place over this length: the finger deviates."""
_LEAST_MOVE_PX: Final = 0.02


@dataclass(eq=False)
class Bending:
    """Displacements (rows, columns) in pixels, from the new picture back to the old one."""

    shape: tuple[int, int]
    x: Grey = field(init=False)
    y: Grey = field(init=False)

    def __post_init__(self) -> None:
        self.x, self.y = np.zeros(self.shape, np.float32), np.zeros(self.shape, np.float32)

    def add(self, frame: JointFrame, reach_mm: float, displacement: Displacement) -> None:
        """Add one warp, which is 0 beyond ``reach_mm`` of the frame's centre."""
        part, *places = frame.patch(self.shape, reach_mm)
        along, across = displacement(*places)
        self.x[part] += frame.mm * (along * frame.axis[0] + across * frame.beside[0])
        self.y[part] += frame.mm * (along * frame.axis[1] + across * frame.beside[1])

    def bent(self, pixels: Grey) -> Grey:
        """The film after all warps."""
        moved = np.hypot(self.x, self.y) > _LEAST_MOVE_PX
        if not moved.any():
            return pixels
        rows, columns = np.nonzero(moved)
        top, left, bottom, right = rows.min(), columns.min(), rows.max() + 1, columns.max() + 1
        margin = 12 + int(max(np.abs(self.x).max(), np.abs(self.y).max()))
        first_row, first_column = max(0, top - margin), max(0, left - margin)
        part = pixels[first_row : bottom + margin, first_column : right + margin]
        places = [rows + self.y[moved] - first_row, columns + self.x[moved] - first_column]
        new = pixels.copy()
        new[moved] = np.clip(map_coordinates(part, places, order=3, mode="nearest"), 0.0, 1.0)
        return new


def narrowing(line: JointLine, share: float, tilt: float) -> Displacement:
    """Bone ends moved together until ``share`` of the joint's width is left; ``tilt`` -1..1: less on one side."""
    old = line.width / 2

    def displacement(along: Point, across: Point) -> tuple[Point, Point]:
        side = np.clip(across / line.half_width, -1.0, 1.0)
        kept = np.clip(share * (1.0 + tilt * side), 0.0, 1.25)
        from_line = along - line.middle(across)
        off = np.abs(from_line)
        new = np.maximum(old * kept, _CLOSED_MM)
        within = off * (old / new)
        beyond = off + (old - new) * _falling((off - new) / _STRETCH_MM)
        was = np.where(off <= new, within, beyond)
        beside = _falling((np.abs(across) - line.half_width) / _BESIDE_MM)
        return np.sign(from_line) * (was - off) * beside, np.zeros_like(along)

    return displacement


def subluxation(line: JointLine, aside_mm: float, new_half_width: float) -> Displacement:
    """The distal bone moved aside by ``aside_mm`` (with its sign), across the joint's axis."""
    room = max(2.0 * abs(aside_mm), 4.0)

    def displacement(along: Point, across: Point) -> tuple[Point, Point]:
        from_line = along - line.middle(across)
        zone = new_half_width + 0.3 + _SKIN_GIVES * np.maximum(np.abs(across) - line.half_width, 0.0)
        step = 1.0 - _falling((from_line + zone) / (2.0 * zone))
        back = _falling(from_line / _SWERVE_MM)
        beside = _falling((np.abs(across + aside_mm / 2) - line.half_width - 2.0) / room)
        return np.zeros_like(along), -aside_mm * step * back * beside

    return displacement


def spur(length_mm: float, width_mm: float) -> Displacement:
    """A margin of bone drawn out along the axis of its frame: an osteophyte of the bone's own texture."""

    def displacement(out: Point, aside: Point) -> tuple[Point, Point]:
        off = (aside / width_mm) ** 2 + ((out - 0.4 * length_mm) / (1.5 * length_mm)) ** 2
        return -length_mm * np.exp(-off), np.zeros_like(out)

    return displacement


def _falling(share: Point) -> Point:
    """1 up to 0, 0 from 1 on, smooth between."""
    t = np.clip(share, 0.0, 1.0)
    return np.asarray(1.0 - t * t * (3.0 - 2.0 * t))
