"""The table of a system that numbers pictures, drawn: the patient and the fingers, below them every picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PIL import Image, ImageDraw

from sr_templates.colour_map import INK
from sr_templates.heatmap_legend import STAMP_COLOUR
from sr_templates.lettering import fitted, font, largest_fitting, wrapped, write
from sr_templates.page_style import LIGHT, MARGIN, PANEL, QUIET, RULE, STRIPE, WIDTH
from sr_templates.reading_table import ReadingCell, ReadingRow, ReadingTable, column_head
from sr_templates.smooth_shapes import draw_rounded_box

_ROOM: Final = WIDTH - 2 * MARGIN
_LABELS: Final = 292.0
_COUNTS: Final = 150.0
_ROW: Final = 40.0
_HEAD: Final = 70.0
_VERDICT: Final = 62.0
_GAP: Final = 22.0


def picture_table_height(table: ReadingTable) -> float:
    """Pixels that ``draw_picture_table`` needs."""
    rows = len(table.summary) + len(table.pictures)
    return _VERDICT * len(table.verdicts) + 2 * _HEAD + rows * _ROW + 2 * _GAP


def draw_picture_table(picture: Image.Image, table: ReadingTable, top: float) -> None:
    """Draw it below a row of the page."""
    for verdict in table.verdicts:
        draw_rounded_box(picture, (MARGIN - 10, top, WIDTH - MARGIN + 10, top + _VERDICT - 10), 12, PANEL)
        letters = largest_fitting(verdict, range(34, 21, -1), _ROOM - 20, bold=True)
        words = fitted(verdict, letters, _ROOM - 20)
        write(ImageDraw.Draw(picture), (MARGIN + 6, top + _VERDICT / 2 - 5), words, letters, LIGHT, anchor="lm")
        top += _VERDICT
    for rows, name, count in ((table.summary, "Fingers", "Assessed"), (table.pictures, "Pictures", "Image")):
        _draw_heads(ImageDraw.Draw(picture), table, (name, count), top)
        top += _HEAD
        for number, row in enumerate(rows):
            if number % 2 == 0:
                draw_rounded_box(picture, (MARGIN - 10, top, WIDTH - MARGIN + 10, top + _ROW), 6, STRIPE)
            _draw_row(picture, table, row, top)
            top += _ROW
        top += _GAP


def _draw_heads(draw: ImageDraw.ImageDraw, table: ReadingTable, names: tuple[str, str], top: float) -> None:
    write(draw, (MARGIN, top + _HEAD - 14), names[0], font(30, bold=True), LIGHT, anchor="ls")
    write(draw, (MARGIN + _LABELS, top + _HEAD - 14), names[1], font(24), QUIET, anchor="ls")
    width = _column_width(table)
    for number, column in enumerate(table.columns):
        words = column_head(column)
        letters = largest_fitting(max(words.split(), key=len), range(24, 17, -1), width - 8)
        lines = wrapped(words, letters, width - 8)[:2]
        for place, line in enumerate(lines):
            at = (_left(table, number), top + _HEAD - 14 - 27 * (len(lines) - 1 - place))
            write(draw, at, fitted(line, letters, width - 8), letters, QUIET, anchor="ls")
    draw.line((MARGIN - 10, top + _HEAD - 4, WIDTH - MARGIN + 10, top + _HEAD - 4), fill=RULE, width=2)


def _draw_row(picture: Image.Image, table: ReadingTable, row: ReadingRow, top: float) -> None:
    draw, middle = ImageDraw.Draw(picture), top + _ROW / 2
    letters = largest_fitting(row.label, range(28, 19, -1), _LABELS - 14)
    write(draw, (MARGIN, middle), fitted(row.label, letters, _LABELS - 14), letters, LIGHT, anchor="lm")
    _draw_count(draw, row.count, (MARGIN + _LABELS, middle))
    for number, cell in enumerate(row.cells):
        mark = table.marks[cell.reason] if cell.reason else ""
        _draw_cell(picture, cell, mark, (_left(table, number), middle), _column_width(table))


def _draw_count(draw: ImageDraw.ImageDraw, words: str, at: tuple[float, float]) -> None:
    """In one line, or each count in its own smaller one."""
    parts: Sequence[str] = words.split(", ")
    letters = largest_fitting(max(parts, key=len), range(24 if len(parts) == 1 else 20, 15, -1), _COUNTS - 10)
    for number, part in enumerate(parts):
        y = at[1] + (number - (len(parts) - 1) / 2) * 20
        write(draw, (at[0], y), fitted(part, letters, _COUNTS - 10), letters, QUIET, anchor="lm")


def _draw_cell(picture: Image.Image, cell: ReadingCell, mark: str, at: tuple[float, float], width: float) -> None:
    """The number, on its colour where something was found; beside it, small, what it rests on."""
    (x, y), letters = at, font(25, bold=True)
    size = letters.getlength(cell.words)
    if cell.fill is not None:
        box = (x - 6, y - _ROW * 0.44, x + size + 8, y + _ROW * 0.44)
        draw_rounded_box(picture, box, 7, cell.fill)
    draw = ImageDraw.Draw(picture)
    colour = INK if cell.fill is not None else QUIET if mark or cell.words == "–" else LIGHT
    write(draw, (x, y), cell.words, letters, colour, anchor="lm")
    if mark:
        write(draw, (x + size + 8, y - 4), mark, font(22), STAMP_COLOUR, anchor="lm")
    left, room = x + size + 13, width - size - 20
    lines = cell.small.split(" · ") if cell.small else []
    for number, words in enumerate(lines):
        small = largest_fitting(words, range(20, 13, -1), room)
        place = (left, y + (number - (len(lines) - 1) / 2) * 18)
        write(draw, place, fitted(words, small, room), small, QUIET, anchor="lm")


def _column_width(table: ReadingTable) -> float:
    return (_ROOM - _LABELS - _COUNTS) / len(table.columns)


def _left(table: ReadingTable, number: int) -> float:
    return MARGIN + _LABELS + _COUNTS + number * _column_width(table)
