"""Irregularity of a chosen coarseness: noise on a coarse grid, drawn out to the picture."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

Plane = npt.NDArray[np.float32]
"""(rows, columns)."""


def cloud(draw: np.random.Generator, shape: tuple[int, int], down_px: float, across_px: float | None = None) -> Plane:
    """Noise of mean 0 and deviation about 1, its grains ``down_px`` high and ``across_px`` (else as much) wide."""
    across = down_px if across_px is None else across_px
    rows, columns = (max(2, round(n / max(1.0, cell))) + 2 for n, cell in zip(shape, (down_px, across), strict=True))
    return enlarged(draw.standard_normal((rows, columns), np.float32), shape)


def enlarged(plane: Plane, shape: tuple[int, int]) -> Plane:
    """A coarse plane over the whole picture, smoothly."""
    whole = Image.fromarray(plane).resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
    return np.array(whole, np.float32)


def smooth_step(values: Plane, low: float, high: float) -> Plane:
    """0 below ``low``, 1 above ``high``, a soft rise between."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
