"""A table of readings in a file: one row for one item of one site as one reader saw it once.

Columns ``image``, ``side``, ``site``, ``item`` and ``value`` are needed; the other fields of ``Label`` may be absent,
further columns are left alone. Read: UTF-8 with or without a mark at its head, columns parted by comma, semicolon or
tab, ``NE`` as a value, a decimal comma where it can mean nothing else. Written: always UTF-8, commas, points.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any, Final

from scoring.errors import LabelError
from scoring.learning.label import LABEL_SITES, Label, LabelItem
from scoring.learning.label_cells import LabelCells
from scoring.learning.table_faults import TableFaults
from scoring.whole_file import write_whole_text

NEEDED: Final = ("image", "side", "site", "item", "value")
COLUMNS: Final = tuple(field.name for field in fields(Label))


def read_label_table(
    path: Path,
    readers: Collection[str] | None = None,
    sites: Mapping[LabelItem, tuple[str, ...]] = LABEL_SITES,
) -> tuple[Label, ...]:
    """All readings of a table, in its order; with ``readers``, a reader who is not among them is a fault.

    ``sites``: the items that it may have, and the sites of each: ``LABEL_SITES`` or ``NAILFOLD_SITES``.

    LabelError names every wrong cell by row and column (the first twenty), what was found and what is allowed.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        delimiter = max(",;\t", key=text.partition("\n")[0].count)
        header, *lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)) or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LabelError(f"{path.name} cannot be read as a table of readings: {error}.") from None
    columns = ["_".join(cell.lower().split()) for cell in header]
    if not any(lines):
        raise LabelError(f"{path.name} has no rows; wanted the columns {', '.join(NEEDED)}.")
    if missing := [column for column in NEEDED if column not in columns]:
        raise LabelError(f"{path.name} has no column {missing[0]!r}; wanted {', '.join(NEEDED)}.")
    if twice := sorted({column for column in columns if column in COLUMNS and columns.count(column) > 1}):
        raise LabelError(f"{path.name} has the column {twice[0]!r} twice; keep one of them.")
    faults = TableFaults(path.name)
    labels: dict[int, Label] = {}
    for row, line in enumerate(lines, 2):
        if len(line) > len(columns):
            faults.row(row, columns[-1], "more cells than the header has columns: put a decimal comma in quotes")
        elif line:
            cells = dict(zip(columns, line, strict=False))
            label = LabelCells(row, cells, faults, sites, delimiter != ",", readers).label()
            if label is not None:
                labels[row] = label
    note_contradictions(labels, faults)
    faults.raise_if_any()
    return tuple(labels.values())


def note_contradictions(labels: dict[int, Label], faults: TableFaults) -> None:
    """Note rows, by their number, that cannot both be true; between two images only the first such row is named."""
    by_place: dict[tuple[Any, ...], int] = {}
    by_visit: dict[tuple[Any, ...], tuple[int, str]] = {}
    owners: dict[str, tuple[int, str, str]] = {}
    told: set[tuple[str, str]] = set()
    for row, label in labels.items():
        what = (label.side, label.site, label.item, label.reader, label.reading)
        first = by_place.setdefault((label.image, *what), row)
        if first != row:
            faults.row(row, "item", f"row {first} has it too; wanted each item of a site once for a reader and reading")
        owner = owners.setdefault(label.image, (row, label.subject, label.visit))
        if owner[1:] != (label.subject, label.visit) and (label.image, "") not in told:
            told.add((label.image, ""))
            faults.row(row, "subject", f"row {owner[0]} gives this image to another subject or visit; correct one")
        # A visit has one film of a hand, and several pictures of a finger.
        if label.visit and label.item in LABEL_SITES:
            before, image = by_visit.setdefault((label.subject, label.visit, *what), (row, label.image))
            if image != label.image and (image, label.image) not in told:
                told.add((image, label.image))
                faults.row(row, "image", f"row {before} names another image for the same label; keep one of the two")


def write_label_table(path: Path, labels: Iterable[Label]) -> None:
    """Write readings so that ``read_label_table`` gives the same back; the file appears whole or not at all."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(_cells(label) for label in labels)
    write_whole_text(path, text.getvalue())


def labels_sha256(labels: Sequence[Label]) -> str:
    """The fingerprint of the readings themselves: the order of rows and the shape of the file do not count."""
    rows = sorted("\x1f".join(_cells(label)) for label in labels)
    return hashlib.sha256("\x1e".join(rows).encode()).hexdigest()


def _cells(label: Label) -> Iterator[str]:
    for cell in astuple(label):
        if isinstance(cell, float) and cell.is_integer():
            cell = int(cell)
        yield "" if cell is None else str(cell)
