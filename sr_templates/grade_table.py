"""The table of the report page: a row for each site, the sides beside each other, a number for every grade."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw

from scoring.coded_concept import CodedConcept
from scoring.result import Box, ScoreItem, ScoreResult, Side
from scoring.spec import ItemSpec, SiteSpec, SystemSpec
from sr_templates.colour_map import INK, damage_colour
from sr_templates.heatmap_legend import STAMP_COLOUR
from sr_templates.lettering import fitted, font, largest_fitting, wrapped, write
from sr_templates.page_style import LIGHT, MARGIN, QUIET, RULE, STRIPE, WIDTH
from sr_templates.score_table import SIDE_NAMES, missing_side, set_words
from sr_templates.smooth_shapes import draw_rounded_box

LOWEST_ROW: Final = 36.0
"""Pixels; in lower rows a grade cannot be read when the page is shown at a quarter of its size."""
_HIGHEST_ROW: Final = 92.0
_HEAD: Final = 112.0
_NARROWEST_CELL: Final = 96.0
_WIDEST_CELL: Final = 190.0
_BETWEEN_BLOCKS: Final = 56.0
_BETWEEN_SIDES: Final = 20.0
_ONE_BLOCK: Final = 8
"""So many sites stand below each other; more are split in two blocks where there is room."""


@dataclass(frozen=True, slots=True)
class _Column:
    """One item of one side, with the middle of its grades on the page; ``reason``: why the whole side has none."""

    side: Side | None
    item: ItemSpec
    at: float
    cell: float
    reason: CodedConcept | None


def rows_needed(spec: SystemSpec) -> int:
    """Rows of the longest block."""
    return max(len(block) for block in _blocks(spec))


def draw_grade_table(
    picture: Image.Image,
    result: ScoreResult,
    spec: SystemSpec,
    marks: Mapping[CodedConcept, str],
    between: tuple[float, float],
) -> float:
    """Draw the table between two rows of the page; ``marks``: the letter of each reason. Returns where it ends."""
    top, bottom = between
    row = min(_HIGHEST_ROW, (bottom - top - _HEAD) / rows_needed(spec))
    blocks = _blocks(spec)
    width = (WIDTH - 2 * MARGIN - _BETWEEN_BLOCKS * (len(blocks) - 1)) / len(blocks)
    found = {(i.side, i.site, i.item): i for i in result.items}
    for number, sites in enumerate(blocks):
        left = MARGIN + number * (width + _BETWEEN_BLOCKS)
        columns = _columns(result, spec, left, width)
        right = columns[-1].at + columns[-1].cell * 0.38
        _draw_heads(ImageDraw.Draw(picture), columns, (left, top, right, top + _HEAD))
        for index, site in enumerate(sites):
            y = top + _HEAD + index * row
            if index % 2:
                draw_rounded_box(picture, (left - 10, y, right + 10, y + row), row * 0.12, STRIPE)
            _draw_label(ImageDraw.Draw(picture), site.label, (left, y, columns[0].at - columns[0].cell * 0.64, y + row))
            for column in columns:
                if column.item.key in site.items:
                    item = found.get((column.side, site.key, column.item.key))
                    _draw_grade(picture, item, column, (y + row / 2, row), marks)
    return top + _HEAD + row * rows_needed(spec)


def _blocks(spec: SystemSpec) -> list[Sequence[SiteSpec]]:
    sites, cells = spec.sites, len(spec.items) * max(1, len(spec.sides))
    room = (WIDTH - 2 * MARGIN - _BETWEEN_BLOCKS) / 2 * 0.6
    if len(sites) <= _ONE_BLOCK or room / cells < _NARROWEST_CELL:
        return [sites]
    half = (len(sites) + 1) // 2
    return [sites[:half], sites[half:]]


def _columns(result: ScoreResult, spec: SystemSpec, left: float, width: float) -> list[_Column]:
    sides: tuple[Side | None, ...] = spec.sides or (None,)
    cells = len(sides) * len(spec.items)
    cell = min(_WIDEST_CELL, (width * 0.62 - _BETWEEN_SIDES * (len(sides) - 1)) / cells)
    start = left + width - cells * cell - _BETWEEN_SIDES * (len(sides) - 1)
    if len(spec.sites) <= _ONE_BLOCK:
        start = min(start, left + width * 0.42)
    columns = []
    for number, side in enumerate(sides):
        reason = missing_side(result, side)
        for offset, item in enumerate(spec.items):
            place = start + (number * len(spec.items) + offset) * cell + number * _BETWEEN_SIDES
            columns.append(_Column(side, item, place + cell * 0.62, cell, reason))
    return columns


def _draw_heads(draw: ImageDraw.ImageDraw, columns: Sequence[_Column], box: Box) -> None:
    """Sides in one line, items and their scales below it, each over the middle of its grades."""
    left, top, right, bottom = box
    for side in dict.fromkeys(column.side for column in columns):
        own = [column for column in columns if column.side == side]
        start, end = own[0].at - own[0].cell * 0.56, own[-1].at + own[-1].cell * 0.38
        if side is not None:
            write(draw, (start, top), SIDE_NAMES[side], font(34, bold=True), LIGHT)
        if own[0].reason is not None:
            for number, words in enumerate(wrapped(own[0].reason.meaning, font(24), end - start)[:2]):
                write(draw, (start, top + 46 + 28 * number), words, font(24), STAMP_COLOUR)
            continue
        longest = max((column.item.label for column in own), key=len)
        letters = largest_fitting(longest, range(24, 18, -1), own[0].cell * 0.96)
        for column in own:
            words = fitted(column.item.label, letters, column.cell)
            write(draw, (column.at, top + 46), words, letters, QUIET, anchor="ma")
            write(draw, (column.at, top + 74), f"0–{column.item.highest}", font(24), QUIET, anchor="ma")
    draw.line((left, bottom - 4, right, bottom - 4), fill=RULE, width=2)


def _draw_label(draw: ImageDraw.ImageDraw, label: str, box: Box) -> None:
    """In one line, or in two smaller ones where it is long."""
    left, top, right, bottom = box
    row, middle = bottom - top, (top + bottom) / 2
    letters = font(round(min(38.0, row * 0.62)))
    if letters.getlength(label) <= right - left:
        write(draw, (left, middle), label, letters, LIGHT, anchor="lm")
        return
    small = font(round(row * 0.44))
    for words, y in zip(_halves(label), (middle - row * 0.21, middle + row * 0.21), strict=True):
        write(draw, (left, y), fitted(words, small, right - left), small, LIGHT, anchor="lm")


def _halves(label: str) -> tuple[str, str]:
    """The label broken after the space or hyphen nearest to its middle."""
    breaks = [match.end() for match in re.finditer(r"[ -]", label)] or [len(label) // 2]
    at = min(breaks, key=lambda n: abs(n - len(label) / 2))
    return label[:at].rstrip(" "), label[at:]


def _draw_grade(
    picture: Image.Image,
    item: ScoreItem | None,
    column: _Column,
    at: tuple[float, float],
    marks: Mapping[CodedConcept, str],
) -> None:
    """The grade, large, on its colour when there is damage; the expected value, small, to its left."""
    (y, row), x = at, column.at
    draw, small = ImageDraw.Draw(picture), font(round(min(26.0, row * 0.46)))
    if item is None or item.grade is None:
        write(draw, (x, y), "–", font(round(row * 0.8)), QUIET, anchor="mm")
        if item is not None and item.reason is not None and column.reason is None:
            write(draw, (x - row * 0.62, y), marks[item.reason], small, STAMP_COLOUR, anchor="rm")
        return
    if item.grade:
        half = min(row * 0.46, column.cell * 0.3)
        colour = damage_colour(item.grade / column.item.highest)
        draw_rounded_box(picture, (x - half, y - row * 0.45, x + half, y + row * 0.45), row * 0.16, colour)
    letters = font(round(row * 0.82), bold=True)
    write(draw, (x, y), str(item.grade), letters, INK if item.grade else LIGHT, anchor="mm")
    if item.value is not None:
        _draw_beside(draw, f"{item.value:.1f}", set_words(item), (x - row * 0.62, y), row)


def _draw_beside(draw: ImageDraw.ImageDraw, expected: str, grades: str, at: tuple[float, float], row: float) -> None:
    """The expected value; below it the set of grades where there is one, then both smaller."""
    x, y = at
    if not grades:
        write(draw, (x, y), expected, font(round(min(26.0, row * 0.46))), QUIET, anchor="rm")
        return
    letters = font(round(min(22.0, row * 0.42)))
    for words, offset in ((expected, -0.21), (grades, 0.21)):
        write(draw, (x, y + row * offset), words, letters, QUIET, anchor="rm")
