"""A cortical defect: bone taken away at a margin, filled with what lies beside it, with a sclerotic or a blurred edge.

What bone adds to the grey of soft tissue is taken away by a share; the grain of the film stays. The grain in the
defect is that of the soft tissue beside it, mirrored at the margin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d, map_coordinates
from scipy.special import expit

from scoring.phantoms.damaged_hands.bone_margins import Margin
from scoring.phantoms.damaged_hands.real_hand import Grey, Point

_FINE_MM: Final = 0.3
"""Detail finer than this is the film's grain and the thinnest trabeculae."""
_BESIDE_MM: Final = (0.9, 2.2)
"""The strip beside the bone whose grey and grain fill a defect."""
_THICKER: Final = 0.3
_THICKER_MM: Final = 2.5
"""Behind a margin the flesh adds up to this share of the bone's contrast, over this length."""
_LEAST_LOSS: Final = 0.25
"""Of the bone's contrast, in the middle of a defect that shows."""
_FLESH: Final = 0.3
_RAGGED: Final = 0.13
_MOTTLED: Final = 0.3
_REACH: Final = 2.4
"""Radii around a defect that it can change."""


@dataclass(frozen=True, slots=True, eq=False)
class CorticalDefect:
    """``radius`` in mm; ``inward``: how far its middle lies within the bone, in mm; ``edge``: softness of its edge in
    mm; ``depth`` 0..1: the share of the bone in the beam that is gone; ``rim``: brightness of a sclerotic edge as a
    share of the bone's; ``breadth``: how much longer it is along the bone's contour than it is deep."""

    margin: Margin
    radius: float
    inward: float
    edge: float
    depth: float
    rim: float
    breadth: float
    seed: int

    def drawn(self, pixels: Grey) -> Grey:
        """The film with the defect."""
        frame = self.margin.frame
        part, out, aside = frame.patch(pixels.shape, self.inward + _REACH * self.radius * max(1.0, self.breadth) + 2.0)
        old = pixels[part]
        smooth = gaussian_filter(old, _FINE_MM * frame.mm)
        cover, ring = self._cover_and_ring(out + self.inward, aside)
        bone = np.maximum(smooth - self._beside(pixels, out, aside), 0.0)
        within = np.clip(bone / self.margin.contrast, 0.0, 1.0)
        bone = bone * np.clip(within / _FLESH, 0.0, 1.0)  # what is hardly brighter than flesh is flesh
        gone = self.depth * cover * self._mottled(old.shape)
        fine, kept = old - smooth, 1.0 - gone * within
        grain = kept * fine + np.sqrt(1.0 - kept**2) * self._grain_beside(fine, part, out, aside)
        rim = ring * within * self.margin.contrast
        new = pixels.copy()
        new[part] = np.where(gone + ring > 1e-3, np.clip(smooth - gone * bone + grain + rim, 0.0, 1.0), old)
        return new

    def shows(self, pixels: Grey) -> bool:
        """Whether a reader could see it: hardly where bones lie over each other."""
        part, out, aside = self.margin.frame.patch(pixels.shape, self.inward + self.radius)
        within = np.hypot(out + self.inward, aside / self.breadth) < 0.7 * self.radius
        lost = (pixels[part] - self.drawn(pixels)[part])[within]
        return bool(lost.mean() > _LEAST_LOSS * self.margin.contrast)

    def _cover_and_ring(self, out: Point, aside: Point) -> tuple[Point, Point]:
        """Where bone is gone, 0..1, and the line of sclerosis round it."""
        chance = np.random.default_rng(self.seed)
        angle = np.arctan2(aside / self.breadth, out)
        waves = sum(chance.uniform(-0.2, 0.2) / k * np.sin(k * angle + chance.uniform(0.0, 6.28)) for k in (1, 2, 3, 4))
        ragged = _pattern(chance, out.shape, 0.7 * self.margin.frame.mm)
        off = np.hypot(out, aside / self.breadth) - self.radius * (1.0 + 1.6 * waves + _RAGGED * ragged)
        soft = self.edge * np.exp(0.5 * _pattern(chance, out.shape, 1.2 * self.margin.frame.mm))
        ring = np.exp(-(((off - 0.4) / 0.3) ** 2)) * np.clip(0.55 + 0.45 * ragged, 0.0, 1.0)
        return expit(-2.2 * off / soft), self.rim * ring

    def _beside(self, pixels: Grey, out: Point, aside: Point) -> Point:
        """The grey of soft tissue beside the bone, carried on inwards, where it is thicker."""
        along = np.linspace(aside.min(), aside.max(), 80)
        strip = self.margin.frame.sampled(pixels, *np.meshgrid(np.linspace(*_BESIDE_MM, 9), along, indexing="ij"))
        level = gaussian_filter1d(np.percentile(strip, 35, axis=0), 1.2 * 80 / (along[-1] - along[0]))
        near = np.clip(aside, -1.2 * self.radius * self.breadth, 1.2 * self.radius * self.breadth)
        deeper = _THICKER * self.margin.contrast * (1.0 - np.exp(np.minimum(out, 0.0) / _THICKER_MM))
        return np.asarray(np.interp(near, along, level) + deeper)

    def _grain_beside(self, fine: Grey, part: tuple[slice, slice], out: Point, aside: Point) -> Grey:
        """The grain of the strip beside the bone, mirrored to and fro."""
        low, high = _BESIDE_MM
        phase = np.mod(out - low, 2.0 * (high - low))
        x, y = self.margin.frame.film(low + np.minimum(phase, 2.0 * (high - low) - phase), aside)
        places = [y - part[0].start, x - part[1].start]
        return np.asarray(map_coordinates(fine, places, order=0, mode="nearest"), np.float32)

    def _mottled(self, shape: tuple[int, ...]) -> Grey:
        """A smooth pattern from 1 - ``_MOTTLED`` to 1: what a real lesion leaves of the bone is uneven."""
        noise = _pattern(np.random.default_rng(self.seed + 1), shape, 0.6 * self.margin.frame.mm)
        return np.asarray(1.0 - _MOTTLED * np.clip(0.5 + 0.4 * noise, 0.0, 1.0), np.float32)


def _pattern(chance: np.random.Generator, shape: tuple[int, ...], length: float) -> Grey:
    """Smooth noise of spread 1; ``length`` in pixels."""
    noise = gaussian_filter(chance.normal(size=shape), length)
    return np.asarray(noise / (noise.std() + 1e-9), np.float32)
