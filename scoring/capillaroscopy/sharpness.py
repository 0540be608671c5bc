"""How sharp a picture of a nailfold is, from its finest detail that is still skin and not grain."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import gaussian_filter

Pixels = npt.NDArray[np.uint8] | npt.NDArray[np.float32]
"""(rows, columns, 3), sRGB, upright: 0..255 of bytes, 0..1 of floats."""
Plane = npt.NDArray[np.float32]

GRID_UM: Final = 4.0
USUAL_FIELD_UM: Final = 1440.0
"""Skin across a picture of a lens of 200 times; taken where nobody said the scale."""
_COLUMNS: Final = (160, 900)
"""Of the grid that is looked at; a scale that was typed wrongly costs no more than this."""
_FOOTING: Final = 0.05
"""Added before the logarithm: below it there is grain rather than skin."""


def sharpness(pixels: Pixels, um_per_px: float | None) -> float:
    """Strength of lines of 4 to 8 micrometres, times the square of how fast brightness changes where it changes least.

    In the green channel, whose light blood takes most, as a logarithm, so that the darkness of skin does not count.
    Strength is the 98th percentile of a band-pass; the second part compares the slopes at 4 and at 16 micrometres in
    four directions and takes the least, for motion leaves one direction sharp. 0 for a picture without any field.
    """
    grid = np.log(_on_grid(pixels, um_per_px) + _FOOTING)
    fine, middle, coarse = (gaussian_filter(grid, sigma) for sigma in (1.0, 2.0, 4.0))
    skin = _well_inside(grid)
    if not skin.any():
        return 0.0
    detail = float(np.percentile(np.abs(fine - middle)[skin], 98))
    inner = skin[1:-1, 1:-1]
    ratios = [_rms(a[inner]) / max(_rms(b[inner]), 1e-6) for a, b in zip(_slopes(fine), _slopes(coarse), strict=True)]
    return detail * min(ratios) ** 2


def _on_grid(pixels: Pixels, um_per_px: float | None) -> Plane:
    """The green channel, 0..1, at 4 micrometres for each pixel."""
    rows, columns = pixels.shape[:2]
    across = columns * um_per_px if um_per_px else USUAL_FIELD_UM
    wanted = round(min(max(across / GRID_UM, _COLUMNS[0]), _COLUMNS[1]))
    size = (wanted, max(8, round(rows * wanted / columns)))
    green = Image.fromarray(np.ascontiguousarray(pixels[..., 1]))
    small = np.asarray(green.resize(size, Image.Resampling.BOX if wanted < columns else Image.Resampling.BILINEAR))
    return np.asarray(small / 255 if pixels.dtype == np.uint8 else small, np.float32)


def _well_inside(logarithm: Plane) -> npt.NDArray[np.bool_]:
    """Away from the dark around the lens's field and from white shine: their edges are sharp on any picture."""
    dark, white = logarithm < np.log(0.06 + _FOOTING), logarithm > np.log(0.95 + _FOOTING)
    near = gaussian_filter((dark | white).astype(np.float32), 4.0)
    inside: npt.NDArray[np.bool_] = near < 0.02
    inside[[0, -1], :] = inside[:, [0, -1]] = False
    return inside


def _slopes(plane: Plane) -> tuple[Plane, ...]:
    """Differences over two pixels: down, across, and along both diagonals."""
    root = np.float32(np.sqrt(2))
    return (
        plane[2:, 1:-1] - plane[:-2, 1:-1],
        plane[1:-1, 2:] - plane[1:-1, :-2],
        (plane[2:, 2:] - plane[:-2, :-2]) / root,
        (plane[2:, :-2] - plane[:-2, 2:]) / root,
    )


def _rms(values: Plane) -> float:
    return float(np.sqrt(np.mean(values**2))) if values.size else 0.0
