"""The report page as a picture: the table a rheumatologist would draw. Zeros are numbers, gaps are dashes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from scoring.coded_concept import CodedConcept
from scoring.result import ScoreItem, ScoreResult, Side
from scoring.spec import SystemSpec
from sr_templates.colour_map import Colour, damage_colour
from sr_templates.heatmap_legend import RESEARCH_STAMP, model_line
from sr_templates.lettering import fitted, font, wrapped, write
from sr_templates.score_table import (
    SIDE_NAMES,
    key_words,
    overall_sums,
    quality_words,
    reason_marks,
    short_label,
    side_sums,
    sum_words,
)

WIDTH, HEIGHT = 1600, 1200
_MARGIN: Final = 48
_GROUND: Final[Colour] = (16, 18, 22)
_STRIPE: Final[Colour] = (25, 28, 34)
_RULE: Final[Colour] = (78, 84, 94)
_LIGHT: Final[Colour] = (238, 239, 241)
_QUIET: Final[Colour] = (160, 167, 178)
_STAMP: Final[Colour] = (255, 214, 80)
_TABLE_TOP: Final = 150
_FOOT: Final = 146


def draw_report_page(result: ScoreResult, spec: SystemSpec) -> npt.NDArray[np.uint8]:
    """RGB, 1200 rows by 1600 columns."""
    page = Image.new("RGB", (WIDTH, HEIGHT), _GROUND)
    draw = ImageDraw.Draw(page)
    _draw_head(draw, result, spec)
    bottom = float(HEIGHT - _FOOT)
    marks = reason_marks(result)
    if result.not_evaluable is not None:
        _draw_not_evaluable(draw, result.not_evaluable.reason, result.not_evaluable.explanation)
    else:
        bottom = _draw_overall(draw, result, spec, bottom)
        sides: tuple[Side | None, ...] = spec.sides or (None,)
        width = (WIDTH - 2 * _MARGIN - 56 * (len(sides) - 1)) / len(sides)
        for column, side in enumerate(sides):
            _draw_side(draw, result, spec, side, _MARGIN + column * (width + 56), width, bottom, marks)
    _draw_foot(draw, result, marks)
    return np.asarray(page, np.uint8)


def _draw_head(draw: ImageDraw.ImageDraw, result: ScoreResult, spec: SystemSpec) -> None:
    room = WIDTH - 2 * _MARGIN - font(32).getlength(RESEARCH_STAMP) - 60
    write(draw, (_MARGIN, 36), fitted(spec.title, font(40), room), font(40), _LIGHT, bold=True)
    write(draw, (WIDTH - _MARGIN, 40), RESEARCH_STAMP, font(32), _STAMP, anchor="ra", bold=True)
    write(draw, (_MARGIN, 92), quality_words(result), font(27), _QUIET)


def _draw_side(
    draw: ImageDraw.ImageDraw,
    result: ScoreResult,
    spec: SystemSpec,
    side: Side | None,
    left: float,
    width: float,
    bottom: float,
    marks: Mapping[CodedConcept, str],
) -> None:
    """One side's table: a row for each site, a column for each item, its sums below."""
    sums = side_sums(result, spec, side) if side else []
    row = min(40.0, (bottom - _TABLE_TOP - 46) / (len(spec.sites) + 0.4 + 1.1 * len(sums)))
    letters = font(round(row * 0.74))
    column = width * 0.58 / max(2, len(spec.items))
    ends = [left + width - column * (len(spec.items) - 1 - n) for n in range(len(spec.items))]
    write(draw, (left, _TABLE_TOP), SIDE_NAMES[side], font(34), _LIGHT, bold=True)
    found = {(i.site, i.item): i for i in result.items if i.side == side}
    for item, end in zip(spec.items, ends, strict=True):
        write(draw, (end, _TABLE_TOP + 6), f"{item.label}  0-{item.highest}", font(25), _QUIET, anchor="ra")
    y = _TABLE_TOP + 46.0
    draw.line((left, y, left + width, y), fill=_RULE, width=2)
    for number, site in enumerate(spec.sites):
        if number % 2:
            draw.rectangle((left - 8, y, left + width + 8, y + row), fill=_STRIPE)
        room = ends[0] - column * 0.6 - left
        write(draw, (left, y + row / 2), fitted(site.label, letters, room), letters, _LIGHT, anchor="lm")
        for item, end in zip(spec.items, ends, strict=True):
            if item.key in site.items:
                _draw_grade(draw, found.get((site.key, item.key)), item.highest, (end, y + row / 2), row, marks)
        y += row
    draw.line((left, y, left + width, y), fill=_RULE, width=2)
    y += row * 0.25
    for spec_total, total in sums:
        words = short_label(spec_total)
        write(draw, (left, y + row / 2), words, letters, _LIGHT, anchor="lm", bold=True)
        colour = _LIGHT if total.assessed == total.planned else _STAMP
        write(draw, (left + width, y + row / 2), sum_words(spec_total, total), letters, colour, anchor="rm")
        y += row * 1.1


def _draw_grade(
    draw: ImageDraw.ImageDraw,
    item: ScoreItem | None,
    highest: int,
    at: tuple[float, float],
    row: float,
    marks: Mapping[CodedConcept, str],
) -> None:
    """The grade, large, on its colour when there is damage; the expected value, small, to its left."""
    x, y = at
    letters, small = font(round(row * 0.82)), font(round(row * 0.60))
    if item is None or item.grade is None:
        write(draw, (x - row * 0.5, y), "-", letters, _QUIET, anchor="mm")
        if item is not None and item.reason is not None:
            write(draw, (x - row * 1.25, y), marks[item.reason], small, _STAMP, anchor="rm")
        return
    if item.grade:
        box = (x - row, y - row * 0.44, x, y + row * 0.44)
        draw.rounded_rectangle(box, radius=row * 0.16, fill=damage_colour(item.grade / highest))
    colour = _GROUND if item.grade else _LIGHT
    write(draw, (x - row * 0.5, y), str(item.grade), letters, colour, anchor="mm", bold=bool(item.grade))
    if item.value is not None:
        write(draw, (x - row * 1.25, y), f"{item.value:.1f}", small, _QUIET, anchor="rm")


def _draw_overall(draw: ImageDraw.ImageDraw, result: ScoreResult, spec: SystemSpec, bottom: float) -> float:
    """Sums over all sides in one band; returns the row above it."""
    rows = overall_sums(result, spec)
    if not rows:
        return bottom
    top = bottom - 84
    draw.rounded_rectangle((_MARGIN - 8, top, WIDTH - _MARGIN + 8, bottom - 8), radius=12, fill=(38, 43, 52))
    width = (WIDTH - 2 * _MARGIN) / len(rows)
    for number, (spec_total, total) in enumerate(rows):
        left = _MARGIN + 10 + number * width
        words = spec_total.label if number == 0 else short_label(spec_total)
        write(draw, (left, top + 8), fitted(words, font(25), width - 24), font(25), _QUIET)
        value = fitted(sum_words(spec_total, total), font(29), width - 20)
        write(draw, (left, top + 38), value, font(29), _STAMP if total.reason else _LIGHT, bold=number == 0)
    return top - 16


def _draw_not_evaluable(draw: ImageDraw.ImageDraw, reason: CodedConcept, explanation: str) -> None:
    draw.rounded_rectangle((_MARGIN, 250, WIDTH - _MARGIN, 720), radius=18, fill=(38, 43, 52))
    write(draw, (WIDTH / 2, 360), "NOT EVALUABLE", font(76), _STAMP, anchor="mm", bold=True)
    width = WIDTH - 2 * _MARGIN - 120
    y = 470
    for size, words, colour in ((44, reason.meaning, _LIGHT), (32, explanation, _QUIET)):
        for line in wrapped(words, font(size), width)[:4]:
            write(draw, (WIDTH / 2, y), line, font(size), colour, anchor="mm")
            y += round(size * 1.35)
        y += 16


def _draw_foot(draw: ImageDraw.ImageDraw, result: ScoreResult, marks: Mapping[CodedConcept, str]) -> None:
    y = HEIGHT - _FOOT + 6
    draw.line((_MARGIN, y, WIDTH - _MARGIN, y), fill=_RULE, width=2)
    lines = wrapped(result.statement, font(27), WIDTH - 2 * _MARGIN)[:2]
    y += 14
    for words in lines:
        write(draw, (_MARGIN, y), words, font(27), _STAMP)
        y += 36
    for words in (model_line(result), key_words(marks)):
        write(draw, (_MARGIN, y), fitted(words, font(23), WIDTH - 2 * _MARGIN), font(23), _QUIET)
        y += 30
