"""The two strips of a heatmap: what it is and that it is for research on top; scale, boxes and model below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from scoring.result import Box, Heatmap, ScoreResult
from scoring.spec import SystemSpec
from sr_templates.colour_map import DAMAGE_COLOURS, NOT_SCORED, UNDAMAGED, Colour, heat_colours, heat_opacity
from sr_templates.lettering import font, wrapped, write
from sr_templates.site_marks import item_letters
from sr_templates.smooth_shapes import draw_rounded_box

RESEARCH_STAMP: Final = "FOR RESEARCH USE ONLY"
STAMP_COLOUR: Final[Colour] = (255, 214, 80)
_LIGHT: Final[Colour] = (232, 232, 232)
_GROUND: Final[Colour] = (10, 11, 13)
_STRIP_OPACITY: Final = 0.86
_HEAT_GROUND: Final = 70
"""Grey below the scale of heat, as a bone on the film: what is transparent there looks transparent here."""


def model_line(result: ScoreResult) -> str:
    """System, version, weights and day of scoring, in one line."""
    return (
        f"rheumascore {result.system} {result.system_version} · weights {result.weights_digest[:12]} · "
        f"scored {result.scored_at[:10]}"
    )


def draw_legend(
    picture: Image.Image, result: ScoreResult, spec: SystemSpec, heatmap: Heatmap, unit: int, marked: Sequence[Box]
) -> tuple[int, int]:
    """Draw the strips; returns the rows between which the picture is free.

    The scales go below, or with the stamp on top when marked sites lie lower than that. Of grades nothing is said where
    no site is marked.
    """
    small = max(10, round(unit * 0.72))
    letters = font(small)
    margin = unit // 2
    width = picture.width - 2 * margin
    kind = f"{heatmap.method} of {heatmap.about}"
    fits = letters.getlength(kind) <= width - font(unit, bold=True).getlength(RESEARCH_STAMP) - unit
    spoken = [*([item_key(spec)] if marked else []), result.statement, model_line(result), *([] if fits else [kind])]
    words = [line for part in spoken for line in wrapped(part, letters, width)]
    line = round(small * 1.3)
    head, body = round(unit * 1.7), line * (len(words) + 1) + round(unit * 0.9)
    below = picture.height - body
    if any(y1 > below for _, _, _, y1 in marked) and all(y0 > head + body for _, y0, _, _ in marked):
        top, bottom, y = head + body, picture.height, head
    else:
        top, bottom, y = head, below, below + round(unit * 0.35)
        _darken(picture, (0, bottom, picture.width, picture.height))
    _darken(picture, (0, 0, picture.width, top))
    draw = ImageDraw.Draw(picture)
    write(draw, (margin, head / 2), RESEARCH_STAMP, font(unit, bold=True), STAMP_COLOUR, anchor="lm")
    if fits:
        write(draw, (picture.width - margin, head / 2), kind, letters, _LIGHT, anchor="rm")
    after_heat = _draw_heat_scale(picture, (margin, y), small)
    if marked:
        _draw_grade_colours(picture, after_heat, small)
    for number, part in enumerate(words, start=1):
        write(draw, (margin, y + number * line + round(unit * 0.25)), part, letters, _LIGHT)
    return top, bottom


def item_key(spec: SystemSpec) -> str:
    """``E erosion 0–5 · N narrowing 0–4``: what the letters of the labels mean."""
    letters = item_letters(spec)
    return " · ".join(f"{letters[i.key]} {i.label.lower()} 0–{i.highest}".strip() for i in spec.items)


def _draw_heat_scale(picture: Image.Image, at: tuple[int, int], small: int) -> tuple[int, int]:
    """From low to high; where the next may begin."""
    draw, letters = ImageDraw.Draw(picture), font(small)
    x, y = at
    write(draw, (x, y), "heat: low", letters, _LIGHT)
    x += round(letters.getlength("heat: low")) + small // 2
    size = (small * 7, small)
    scale = Image.new("RGB", size, (_HEAT_GROUND,) * 3)
    opacity = Image.fromarray(heat_opacity()[np.newaxis]).resize(size, Image.Resampling.BILINEAR)
    scale.paste(Image.fromarray(heat_colours()[np.newaxis]).resize(size, Image.Resampling.BILINEAR), mask=opacity)
    picture.paste(scale, (x, y + small // 8))
    x += scale.width + small // 2
    write(draw, (x, y), "high", letters, _LIGHT)
    return x + round(letters.getlength("high")) + small, y


def _draw_grade_colours(picture: Image.Image, at: tuple[int, int], small: int) -> None:
    draw, letters = ImageDraw.Draw(picture), font(small)
    x, y = at
    damage = zip(DAMAGE_COLOURS, ("low", "middle", "high grade"), strict=True)
    for colour, words in ((UNDAMAGED, "grade 0"), *damage, (NOT_SCORED, "not scored")):
        if x + small * 2 + letters.getlength(words) > picture.width:
            return
        draw_rounded_box(picture, (x, y + small // 8, x + small, y + small // 8 + small), small / 5, colour)
        write(draw, (x + small * 1.35, y), words, letters, _LIGHT)
        x += round(small * 2.2 + letters.getlength(words))


def _darken(picture: Image.Image, box: tuple[int, int, int, int]) -> None:
    part = picture.crop(box)
    picture.paste(Image.blend(part, Image.new("RGB", part.size, _GROUND), _STRIP_OPACITY), box)
