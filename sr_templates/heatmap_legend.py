"""The two strips of a heatmap: what it is and that it is for research on top; scale, boxes and model below."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from scoring.result import Heatmap, ScoreResult
from sr_templates.colour_map import DAMAGE_COLOURS, NOT_SCORED, UNDAMAGED, Colour, heat_colours
from sr_templates.lettering import font, wrapped, write

RESEARCH_STAMP = "FOR RESEARCH USE ONLY"
_LIGHT: Colour = (232, 232, 232)
_STAMP: Colour = (255, 214, 80)
_STRIP_OPACITY = 0.72


def model_line(result: ScoreResult) -> str:
    """System, version, weights and day of scoring, in one line."""
    return (
        f"rheumascore {result.system} {result.system_version} · weights {result.weights_digest[:12]} · "
        f"scored {result.scored_at[:10]}"
    )


def draw_legend(picture: Image.Image, result: ScoreResult, heatmap: Heatmap, unit: int) -> tuple[int, int]:
    """Draw both strips; returns the rows between which the picture is free."""
    small = max(10, round(unit * 0.72))
    letters = font(small)
    margin = unit // 2
    width = picture.width - 2 * margin
    below = wrapped(result.statement, letters, width) + wrapped(model_line(result), letters, width)
    line = round(small * 1.25)
    top = round(unit * 1.7)
    bottom = picture.height - (line * (len(below) + 1) + round(unit * 0.9))
    _darken(picture, (0, 0, picture.width, top))
    _darken(picture, (0, bottom, picture.width, picture.height))
    draw = ImageDraw.Draw(picture)
    write(draw, (margin, top / 2), RESEARCH_STAMP, font(unit), _STAMP, anchor="lm", bold=True)
    kind = f"{heatmap.method} of {heatmap.about}"
    room = width - font(unit).getlength(RESEARCH_STAMP) - unit
    if letters.getlength(kind) <= room:
        write(draw, (picture.width - margin, top / 2), kind, letters, _LIGHT, anchor="rm")
    y = bottom + round(unit * 0.35)
    _draw_scales(picture, draw, (margin, y), small)
    for number, words in enumerate(below, start=1):
        write(draw, (margin, y + number * line + round(unit * 0.25)), words, letters, _LIGHT)
    return top, bottom


def _draw_scales(picture: Image.Image, draw: ImageDraw.ImageDraw, at: tuple[int, int], small: int) -> None:
    letters = font(small)
    x, y = at
    write(draw, (x, y), "heat: low", letters, _LIGHT)
    x += round(letters.getlength("heat: low ")) + small // 3
    bar = Image.fromarray(heat_colours()[np.newaxis]).resize((small * 7, small), Image.Resampling.BILINEAR)
    picture.paste(bar, (x, y))
    x += bar.width + small // 3
    write(draw, (x, y), "high", letters, _LIGHT)
    x += round(letters.getlength("high")) + small
    keys = ((UNDAMAGED, "grade 0"), *zip(DAMAGE_COLOURS, ("mild", "moderate", "severe"), strict=True))
    for colour, words in (*keys, (NOT_SCORED, "not scored")):
        if x + small * 2 + letters.getlength(words) > picture.width:
            return
        draw.rectangle((x, y + small // 8, x + small, y + small), outline=colour, width=max(2, small // 6))
        write(draw, (x + small * 1.35, y), words, letters, _LIGHT)
        x += round(small * 2.2 + letters.getlength(words))


def _darken(picture: Image.Image, box: tuple[int, int, int, int]) -> None:
    part = picture.crop(box)
    picture.paste(Image.blend(part, Image.new("RGB", part.size), _STRIP_OPACITY), box)
