"""Capillary loops on a photograph: a ring at each apex that was found, giants with a second ring and their diameter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from scoring.score_rules.nailfold_labels import GIANT_ABOVE_UM
from sr_templates.colour_map import INK, Colour
from sr_templates.lettering import font, write

LOOP: Final[Colour] = (255, 255, 255)
GIANT: Final[Colour] = (255, 214, 80)
_FINER: Final = 4


def draw_loops(picture: Image.Image, points: npt.NDArray[np.float32], scale: float, unit: int) -> None:
    """``points``: (n, 3) x, y in pixels of the source and diameter in µm; ``scale``: picture pixels for one of them."""
    places = [((x + 0.5) * scale - 0.5, (y + 0.5) * scale - 0.5, d) for x, y, d in points.tolist()]
    for x, y, diameter in places:
        giant = diameter > GIANT_ABOVE_UM
        ring = _rings(unit, giant=giant)
        left, top = round(x - (ring.width - 1) / 2), round(y - (ring.height - 1) / 2)
        picture.paste(ring.convert("RGB"), (left, top), ring.getchannel("A"))
    _write_diameters(picture, [place for place in places if place[2] > GIANT_ABOVE_UM], unit)


@lru_cache(maxsize=8)
def _rings(unit: int, *, giant: bool) -> Image.Image:
    """One ring, or two of a giant, with dark edges and nothing between them."""
    radii, colour = ((0.42 * unit, 0.85 * unit), GIANT) if giant else ((0.42 * unit,), LOOP)
    half = math.ceil(radii[-1] + unit / 5) + 1
    rings = Image.new("RGBA", ((2 * half + 1) * _FINER,) * 2)
    pen, middle = ImageDraw.Draw(rings), (half + 0.5) * _FINER
    for radius in radii:
        for ink, wide in ((INK, unit / 5), (colour, unit / 9)):
            reach = _FINER * (radius + wide / 2)
            box = (middle - reach, middle - reach, middle + reach, middle + reach)
            pen.ellipse(box, outline=ink, width=max(1, round(_FINER * wide)))
    return rings.reduce(_FINER)


def _write_diameters(picture: Image.Image, giants: Sequence[tuple[float, float, float]], unit: int) -> None:
    """Above the rings, or below them at the upper edge."""
    draw, letters = ImageDraw.Draw(picture), font(unit, bold=True)
    for x, y, diameter in giants:
        words = f"{diameter:.0f} µm"
        half = letters.getlength(words) / 2
        middle = min(max(x, half + 2), picture.width - half - 2)
        above = y - unit * 1.1 > unit
        at = (middle, y - unit * 1.1 if above else y + unit * 1.1)
        write(draw, at, words, letters, GIANT, anchor="ms" if above else "ma", casing=INK)
