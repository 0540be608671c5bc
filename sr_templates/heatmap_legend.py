"""The two strips of a heatmap: what it is and that it is for research on top; scale, boxes and model below."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from scoring.result import Box, Heatmap, ScoreResult
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


def draw_legend(
    picture: Image.Image, result: ScoreResult, heatmap: Heatmap, unit: int, keep_free: Sequence[Box]
) -> tuple[int, int]:
    """Draw the strips; returns the rows between which the picture is free.

    The scales go below, or with the stamp on top when graded sites lie lower than that.
    """
    small = max(10, round(unit * 0.72))
    letters = font(small)
    margin = unit // 2
    width = picture.width - 2 * margin
    words = wrapped(result.statement, letters, width) + wrapped(model_line(result), letters, width)
    line = round(small * 1.25)
    head, body = round(unit * 1.7), line * (len(words) + 1) + round(unit * 0.9)
    below = picture.height - body
    if any(y1 > below for _, _, _, y1 in keep_free) and all(y0 > head + body for _, y0, _, _ in keep_free):
        top, bottom, y = head + body, picture.height, head
    else:
        top, bottom, y = head, below, below + round(unit * 0.35)
        _darken(picture, (0, bottom, picture.width, picture.height))
    _darken(picture, (0, 0, picture.width, top))
    draw = ImageDraw.Draw(picture)
    write(draw, (margin, head / 2), RESEARCH_STAMP, font(unit), _STAMP, anchor="lm", bold=True)
    kind = f"{heatmap.method} of {heatmap.about}"
    if letters.getlength(kind) <= width - font(unit).getlength(RESEARCH_STAMP) - unit:
        write(draw, (picture.width - margin, head / 2), kind, letters, _LIGHT, anchor="rm")
    _draw_scales(picture, draw, (margin, y), small)
    for number, part in enumerate(words, start=1):
        write(draw, (margin, y + number * line + round(unit * 0.25)), part, letters, _LIGHT)
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
    keys = ((UNDAMAGED, "grade 0"), *zip(DAMAGE_COLOURS, ("low", "middle", "high grade"), strict=True))
    for colour, words in (*keys, (NOT_SCORED, "not scored")):
        if x + small * 2 + letters.getlength(words) > picture.width:
            return
        draw.rectangle((x, y + small // 8, x + small, y + small), outline=colour, width=max(2, small // 6))
        write(draw, (x + small * 1.35, y), words, letters, _LIGHT)
        x += round(small * 2.2 + letters.getlength(words))


def _darken(picture: Image.Image, box: tuple[int, int, int, int]) -> None:
    part = picture.crop(box)
    picture.paste(Image.blend(part, Image.new("RGB", part.size), _STRIP_OPACITY), box)
