"""The pages of a printed report of a system that numbers pictures: the patient, the fingers, every picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from scoring.result import ScoreResult
from scoring.spec import SystemSpec
from sr_templates.colour_map import INK
from sr_templates.paper import (
    BLACK,
    MARGIN,
    PANEL,
    QUIET,
    STRIPE,
    WARNING,
    WIDTH,
    Paper,
    broken,
    largest_size,
    width_of,
)
from sr_templates.pdf_score_pages import (
    BOTTOM,
    TOP,
    Line,
    closing_lines,
    draw_verdict,
    head_lines,
    height_of,
    write_lines,
)
from sr_templates.reading_table import ReadingCell, ReadingRow, ReadingTable, column_head, key_sentence, reading_table

_ROOM: Final = WIDTH - 2 * MARGIN
_LABELS: Final = 96.0
_COUNTS: Final = 52.0
_ROW: Final = 19.0
_HEAD: Final = 30.0
_VERDICT: Final = 25.0
_GAP: Final = 10.0


@dataclass(frozen=True, slots=True)
class PicturePage:
    """Rows of the summary and of the pictures that stand on one page; the last page ends with what must be said."""

    summary: tuple[ReadingRow, ...]
    pictures: tuple[ReadingRow, ...]
    first: bool
    last: bool


def picture_pages(result: ScoreResult, spec: SystemSpec) -> list[PicturePage]:
    """One page, or more where the pictures do not fit on one."""
    if result.not_evaluable is not None:
        return [PicturePage((), (), first=True, last=True)]
    table = reading_table(result, spec)
    head = height_of(head_lines(result, spec)) + _GAP
    closing = height_of(_closing(result, table)) + _GAP
    room = BOTTOM - TOP - head
    rows = [(True, row) for row in table.summary] + [(False, row) for row in table.pictures]
    pages: list[PicturePage] = []
    while rows or not pages:
        free = room - (_VERDICT * len(table.verdicts) if not pages else 0) - 2 * (_HEAD + _GAP)
        taken = max(1, int(free / _ROW))
        last = len(rows) <= max(1, int((free - closing) / _ROW))
        here, rows = (rows, []) if last else (rows[: min(taken, len(rows) - 1)], rows[min(taken, len(rows) - 1) :])
        parts = (tuple(row for kind, row in here if kind), tuple(row for kind, row in here if not kind))
        pages.append(PicturePage(*parts, first=not pages, last=last))
    return pages


def draw_picture_page(paper: Paper, result: ScoreResult, spec: SystemSpec, page: PicturePage) -> None:
    """Everything between the head and the foot of one page."""
    table = reading_table(result, spec)
    y = write_lines(paper, head_lines(result, spec), TOP) + _GAP
    if result.not_evaluable is not None:
        draw_verdict(paper, result, result.not_evaluable, y - _GAP)
    elif page.first:
        for verdict in table.verdicts:
            paper.box((MARGIN - 6, y, WIDTH - MARGIN + 6, y + _VERDICT - 4), PANEL, 4)
            size = largest_size(verdict, (7.0, 12.0), _ROOM - 8, bold=True)
            paper.write((MARGIN, y + _VERDICT / 2 + 2), verdict, size, BLACK, bold=True)
            y += _VERDICT
    for rows, name, count in ((page.summary, "Fingers", "Assessed"), (page.pictures, "Pictures", "Image")):
        if rows:
            _draw_heads(paper, table, (name, count), y)
            y += _HEAD
            for number, row in enumerate(rows):
                if number % 2 == 0:
                    paper.box((MARGIN - 6, y, WIDTH - MARGIN + 6, y + _ROW), STRIPE, 3)
                _draw_row(paper, table, row, y)
                y += _ROW
            y += _GAP
    if page.last:
        closing = _closing(result, table)
        write_lines(paper, closing, BOTTOM - height_of(closing))


def _closing(result: ScoreResult, table: ReadingTable) -> list[Line]:
    return closing_lines(result, key_sentence(table))


def _draw_heads(paper: Paper, table: ReadingTable, names: tuple[str, str], top: float) -> None:
    paper.write((MARGIN, top + _HEAD - 7), names[0], 11, BLACK, bold=True)
    paper.write((MARGIN + _LABELS, top + _HEAD - 7), names[1], 8, QUIET)
    width = _column_width(table)
    for number, column in enumerate(table.columns):
        words = column_head(column)
        size = largest_size(max(words.split(), key=len), (5.5, 8.0), width - 3)
        lines = broken(words, size, width - 3)[:2]
        for place, line in enumerate(lines):
            paper.write((_left(table, number), top + _HEAD - 7 - 9.5 * (len(lines) - 1 - place)), line, size, QUIET)
    paper.rule(top + _HEAD - 2, MARGIN - 6, WIDTH - MARGIN + 6)


def _draw_row(paper: Paper, table: ReadingTable, row: ReadingRow, top: float) -> None:
    middle = top + _ROW / 2
    size = largest_size(row.label, (6.5, 9.5), _LABELS - 4)
    paper.write((MARGIN, middle + size * 0.355), row.label, size, BLACK)
    counts = row.count.split(", ")
    for number, words in enumerate(counts):
        size = largest_size(words, (5.0, 8.0 if len(counts) == 1 else 6.5), _COUNTS - 4)
        offset = (number - (len(counts) - 1) / 2) * 7.6
        paper.write((MARGIN + _LABELS, middle + offset + size * 0.355), words, size, QUIET)
    for number, cell in enumerate(row.cells):
        mark = table.marks[cell.reason] if cell.reason else ""
        _draw_cell(paper, cell, mark, (_left(table, number), middle), _column_width(table))


def _draw_cell(paper: Paper, cell: ReadingCell, mark: str, at: tuple[float, float], width: float) -> None:
    """The number, on its colour where something was found; below each other beside it what it rests on, small."""
    (x, y), size = at, 9.0
    length = width_of(cell.words, size, bold=True)
    if cell.fill is not None:
        paper.box((x - 2.5, y - _ROW * 0.41, x + length + 2.5, y + _ROW * 0.41), cell.fill, 3)
    colour = INK if cell.fill is not None else QUIET if cell.words == "–" else BLACK
    paper.write((x, y + size * 0.355), cell.words, size, colour, bold=True)
    if mark:
        paper.write((x + length + 3, y + 1), mark, 8, WARNING, bold=True)
    lines = cell.small.split(" · ") if cell.small else []
    for number, words in enumerate(lines):
        small = largest_size(words, (4.5, 6.5), width - length - 9)
        offset = (number - (len(lines) - 1) / 2) * 7.2
        paper.write((x + length + 4.5, y + offset + small * 0.355), words, small, QUIET)


def _column_width(table: ReadingTable) -> float:
    return (_ROOM - _LABELS - _COUNTS) / len(table.columns)


def _left(table: ReadingTable, number: int) -> float:
    return MARGIN + _LABELS + _COUNTS + number * _column_width(table)
