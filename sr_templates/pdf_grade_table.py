"""The table of grades on paper: a row for each site, the sides beside each other, a number for every grade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from scoring.coded_concept import CodedConcept
from scoring.result import ScoreItem, ScoreResult, Side
from scoring.spec import ItemSpec, SiteSpec, SystemSpec
from sr_templates.colour_map import INK, damage_colour
from sr_templates.paper import BLACK, MARGIN, QUIET, STRIPE, WARNING, WIDTH, Paper, broken, largest_size, width_of
from sr_templates.score_table import SIDE_NAMES, missing_side, set_words

HEAD: Final = 50.0
"""Points above the first row: sides, items, scales."""
LOWEST_ROW: Final = 15.0
HIGHEST_ROW: Final = 25.0
_WIDEST_CELL: Final = 92.0
_BETWEEN_SIDES: Final = 16.0
_SHARE_OF_GRADES: Final = 0.68
_LATEST_START: Final = 0.42
"""Of the width of the page: what the grades may take, and where they begin at the latest, so that few stay near."""


@dataclass(frozen=True, slots=True)
class _Column:
    side: Side | None
    item: ItemSpec
    at: float
    """The middle of its grades."""
    cell: float
    reason: CodedConcept | None
    """Why the whole side has no grade."""


def draw_grades(
    paper: Paper,
    result: ScoreResult,
    spec: SystemSpec,
    sites: Sequence[SiteSpec],
    marks: Mapping[CodedConcept, str],
    at: tuple[float, float],
) -> None:
    """Draw these sites below a place; ``at``: top of the table, height of a row."""
    top, row = at
    columns = _columns(result, spec)
    _draw_heads(paper, columns, top)
    found = {(item.side, item.site, item.item): item for item in result.items}
    room = columns[0].at - columns[0].cell * 0.62 - MARGIN
    for number, site in enumerate(sites):
        y = top + HEAD + number * row
        if number % 2 == 0:
            paper.box((MARGIN - 6, y, WIDTH - MARGIN + 6, y + row), STRIPE, 3)
        size = largest_size(site.label, (7.0, row * 0.56), room)
        paper.write((MARGIN, y + row / 2 + size * 0.355), site.label, size, BLACK)
        for column in columns:
            if column.item.key in site.items:
                item = found.get((column.side, site.key, column.item.key))
                _draw_grade(paper, item, column, (y + row / 2, row), marks)


def _columns(result: ScoreResult, spec: SystemSpec) -> list[_Column]:
    sides: tuple[Side | None, ...] = spec.sides or (None,)
    cells, gaps = len(sides) * len(spec.items), _BETWEEN_SIDES * (len(sides) - 1)
    cell = min(_WIDEST_CELL, ((WIDTH - 2 * MARGIN) * _SHARE_OF_GRADES - gaps) / cells)
    start = min(WIDTH - MARGIN - cells * cell - gaps, MARGIN + (WIDTH - 2 * MARGIN) * _LATEST_START)
    return [
        _Column(
            side,
            item,
            start + (number * len(spec.items) + offset) * cell + number * _BETWEEN_SIDES + cell * 0.6,
            cell,
            missing_side(result, side),
        )
        for number, side in enumerate(sides)
        for offset, item in enumerate(spec.items)
    ]


def _draw_heads(paper: Paper, columns: Sequence[_Column], top: float) -> None:
    """Sides in one line, items and their scales below it, each over the middle of its grades."""
    for side in dict.fromkeys(column.side for column in columns):
        own = [column for column in columns if column.side == side]
        left, right = own[0].at - own[0].cell * 0.6, own[-1].at + own[-1].cell * 0.4
        if side is not None:
            paper.write(((left + right) / 2, top + 11), SIDE_NAMES[side], 11.5, BLACK, anchor="m", bold=True)
        paper.rule(top + HEAD - 3, left + 3, right - 3)
        if own[0].reason is not None:
            for number, words in enumerate(broken(own[0].reason.meaning, 9, right - left)[:2]):
                paper.write(((left + right) / 2, top + 26 + 11 * number), words, 9, WARNING, anchor="m")
            continue
        for column in own:
            size = largest_size(column.item.label, (5.0, 9.5), column.cell - 4)
            paper.write((column.at, top + 28), column.item.label, size, QUIET, anchor="m")
            paper.write((column.at, top + 39), f"0–{column.item.highest}", 8.5, QUIET, anchor="m")


def _draw_grade(
    paper: Paper,
    item: ScoreItem | None,
    column: _Column,
    at: tuple[float, float],
    marks: Mapping[CodedConcept, str],
) -> None:
    """The grade, large, on its colour when there is damage; the expected value, small, to its left."""
    (y, row), x = at, column.at
    large, small = row * 0.66, min(8.5, row * 0.42)
    if item is None or item.grade is None:
        paper.write((x, y + large * 0.3), "–", large, QUIET, anchor="m")
        if item is not None and item.reason is not None and column.reason is None:
            paper.write((x - row * 0.62, y + small * 0.355), marks[item.reason], small + 1, WARNING, "r", bold=True)
        return
    if item.grade:
        half = max(width_of(str(item.grade), large, bold=True) / 2 + 2, min(row * 0.5, column.cell * 0.28))
        box = (x - half, y - row * 0.43, x + half, y + row * 0.43)
        paper.box(box, damage_colour(item.grade / column.item.highest), row * 0.16)
    paper.write((x, y + large * 0.355), str(item.grade), large, INK if item.grade else BLACK, anchor="m", bold=True)
    if item.value is not None:
        _draw_beside(paper, f"{item.value:.1f}", set_words(item), (x - row * 0.62, y), row)


def _draw_beside(paper: Paper, expected: str, grades: str, at: tuple[float, float], row: float) -> None:
    """The expected value; below it the set of grades where there is one, then both smaller."""
    x, y = at
    if not grades:
        size = min(8.5, row * 0.42)
        paper.write((x, y + size * 0.355), expected, size, QUIET, anchor="r")
        return
    size = min(7.5, row * 0.38)
    for words, offset in ((expected, -0.22), (grades, 0.22)):
        paper.write((x, y + row * offset + size * 0.355), words, size, QUIET, anchor="r")
