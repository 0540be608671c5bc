"""Heat on a colour photograph: lines of equal heat, so that every pixel between them stays as it was taken.

A coloured veil would look like haemorrhage on red skin. The lines go from blue over green to white, hues that skin has
in no tone, and each has a dark edge.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from sr_templates.colour_map import INK, Colour

ISOLINES: Final[tuple[tuple[float, Colour], ...]] = (
    (0.30, (70, 140, 255)),
    (0.55, (40, 225, 190)),
    (0.80, (255, 255, 255)),
)
"""Share of full heat, and the colour of its line."""

_MARGIN: Final = 2
"""Cells around the warm ones: so far does the interpolation reach."""

Plane = npt.NDArray[np.float32]


def draw_isolines(picture: Image.Image, grid: npt.NDArray[np.uint8], width: float) -> None:
    """Draw the lines of ``grid`` (0..255), stretched over the whole picture; ``width`` of a line in pixels.

    Only the part that is warm anywhere is worked on.
    """
    ys, xs = np.nonzero(grid >= 255 * ISOLINES[0][0])
    if not ys.size:
        return
    rows, columns = grid.shape
    x0, y0 = max(0, int(xs.min()) - _MARGIN), max(0, int(ys.min()) - _MARGIN)
    x1, y1 = min(columns, int(xs.max()) + 1 + _MARGIN), min(rows, int(ys.max()) + 1 + _MARGIN)
    across, down = picture.width / columns, picture.height / rows
    left, top, right, bottom = round(x0 * across), round(y0 * down), round(x1 * across), round(y1 * down)
    part = (left / across, top / down, right / across, bottom / down)
    heat = Image.fromarray(grid.astype(np.float32) / np.float32(255))
    size = (right - left, bottom - top)
    values = np.asarray(heat.resize(size, Image.Resampling.BICUBIC, box=part), np.float32)
    steepness = np.maximum(np.hypot(*np.gradient(values)), 1e-6).astype(np.float32)
    lines = [(np.abs(values - np.float32(share)) / steepness, colour) for share, colour in ISOLINES]
    picture.paste(INK, (left, top), _line(np.min([away for away, _ in lines], 0), width + 2))
    for away, colour in lines:
        picture.paste(colour, (left, top), _line(away, width))


def _line(away: Plane, width: float) -> Image.Image:
    """Opaque nearer than half the width, with a soft edge of a pixel."""
    return Image.fromarray(np.rint(255 * np.clip(width / 2 + 0.5 - away, 0, 1)).astype(np.uint8))
