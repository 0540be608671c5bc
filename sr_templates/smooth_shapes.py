"""Shapes with smooth edges: Pillow's own are jagged, and ink of a jagged edge costs bytes and looks cheap."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

from PIL import Image, ImageDraw

from scoring.result import Box
from sr_templates.colour_map import Colour

_FINER: Final = 4
"""Shapes are drawn so many times larger and averaged."""


def draw_rounded_box(picture: Image.Image, box: Box, radius: float, colour: Colour) -> None:
    """A filled box with round corners, at whole pixels."""
    left, top = round(box[0]), round(box[1])
    width, height = max(1, round(box[2]) - left), max(1, round(box[3]) - top)
    picture.paste(colour, (left, top), _rounded(width, height, round(min(radius, width / 2, height / 2))))


def draw_line(picture: Image.Image, ends: Box, width: float, colour: Colour, dot: float = 0) -> None:
    """A straight line, with a dot of radius ``dot`` at its second end."""
    reach = math.ceil(width + dot) + 1
    left, top = math.floor(min(ends[0], ends[2])) - reach, math.floor(min(ends[1], ends[3])) - reach
    right, bottom = math.ceil(max(ends[0], ends[2])) + reach, math.ceil(max(ends[1], ends[3])) + reach
    mask = Image.new("L", ((right - left) * _FINER, (bottom - top) * _FINER))
    pen = ImageDraw.Draw(mask)
    x0, y0, x1, y1 = ((end - start) * _FINER for end, start in zip(ends, (left, top, left, top), strict=True))
    pen.line((x0, y0, x1, y1), fill=255, width=max(1, round(width * _FINER)))
    if dot:
        pen.ellipse((x1 - dot * _FINER, y1 - dot * _FINER, x1 + dot * _FINER, y1 + dot * _FINER), fill=255)
    picture.paste(colour, (left, top), mask.reduce(_FINER))


@lru_cache(maxsize=256)
def _rounded(width: int, height: int, radius: int) -> Image.Image:
    mask = Image.new("L", (width * _FINER, height * _FINER))
    corner = (0, 0, width * _FINER - 1, height * _FINER - 1)
    ImageDraw.Draw(mask).rounded_rectangle(corner, radius * _FINER, fill=255)
    return mask.reduce(_FINER)
