"""The readings of a system that numbers pictures, as the study page shows them: patient, fingers, every picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core_lab.web.grade_sheet import NOT_SCORED_LEVEL, colour_level
from scoring.catalogue import find_spec
from scoring.errors import UnknownSystemError
from scoring.result import ScoreResult
from sr_templates.colour_map import UNDAMAGED
from sr_templates.reading_table import ReadingCell, ReadingRow, ReadingTable, column_head, key_sentence, reading_table


@dataclass(frozen=True, slots=True)
class ShownCell:
    """One cell: ``level``, see ``colour_level``; ``note``: the letter of why it is empty."""

    cell: ReadingCell
    level: int
    note: str
    words: str
    """For whoever points at it."""


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One row; ``mark``: the key of its picture's mark in the viewer, empty for a finger."""

    row: ReadingRow
    cells: tuple[ShownCell, ...]
    mark: str


@dataclass(frozen=True, slots=True)
class PictureReadings:
    """Everything that the page shows of such a result."""

    heads: tuple[str, ...]
    verdicts: tuple[str, ...]
    parts: tuple[tuple[str, str, tuple[ShownRow, ...]], ...]
    """Name, name of the second column, rows."""
    key: str


def picture_readings(result: ScoreResult) -> PictureReadings | None:
    """None of a system that reads each site once, or that is not installed: then the grade sheet says it."""
    table = _table(result)
    if table is None:
        return None
    heads = tuple(column_head(column) for column in table.columns)
    return PictureReadings(
        heads,
        table.verdicts,
        (
            ("Fingers", "Assessed", _rows(table, table.summary, heads)),
            ("Pictures", "Image", _rows(table, table.pictures, heads)),
        ),
        key_sentence(table),
    )


def picture_marks(result: ScoreResult, sop_instance_uid: str) -> list[dict[str, Any]] | None:
    """The frame of one picture with its readings in words, as the viewer draws it; None as above."""
    table = _table(result)
    if table is None:
        return None
    boxes = {item.image: item.region for item in result.items if item.region}
    heads = tuple(column_head(column) for column in table.columns)
    return [
        {
            "key": row.mark,
            "label": row.row.label,
            "words": "; ".join(cell.words for cell in row.cells if cell.words),
            "grades": "",
            "level": max((cell.level for cell in row.cells if not cell.note), default=NOT_SCORED_LEVEL),
            "box": list(boxes[sop_instance_uid]),
        }
        for row in _rows(table, table.pictures, heads)
        if row.row.image == sop_instance_uid and sop_instance_uid in boxes
    ]


def picture_name(result: ScoreResult, sop_instance_uid: str) -> str:
    """``Right ring finger 1``; empty where pictures have no number."""
    table = _table(result)
    rows = table.pictures if table else ()
    return next((row.label for row in rows if row.image == sop_instance_uid), "")


def _table(result: ScoreResult) -> ReadingTable | None:
    try:
        spec = find_spec(result.system)
    except UnknownSystemError:
        return None
    return reading_table(result, spec) if spec.per_picture else None


def _rows(table: ReadingTable, rows: Sequence[ReadingRow], heads: Sequence[str]) -> tuple[ShownRow, ...]:
    return tuple(
        ShownRow(
            row,
            tuple(_cell(table, cell, head) for cell, head in zip(row.cells, heads, strict=True)),
            row.label if row.image else "",
        )
        for row in rows
    )


def _cell(table: ReadingTable, cell: ReadingCell, head: str) -> ShownCell:
    if cell.reason is not None:
        return ShownCell(cell, NOT_SCORED_LEVEL, table.marks[cell.reason], f"{head} not given: {cell.reason.meaning}")
    words = f"{head} {cell.words}{f' ({cell.small})' if cell.small else ''}" if cell.words else ""
    return ShownCell(cell, colour_level(cell.fill or UNDAMAGED), "", words)
