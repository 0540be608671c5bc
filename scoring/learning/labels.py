"""A centre's own readings as a long table: one row for one item of one site of one hand.

Columns ``image``, ``side``, ``site``, ``item`` and ``value``; optional ``status`` (``scored`` unless said otherwise),
``x`` and ``y`` (the site's centre in pixels of the image), ``subject``. Other columns are left alone.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from scoring.errors import LabelError
from scoring.score_rules.sharp_van_der_heijde import HIGHEST_GRADE, ITEMS, SIDES, SITES_OF, Item, Side

_NEEDED: Final = ("image", "side", "site", "item", "value")


@dataclass(frozen=True)
class ReadHand:
    """One hand on one image as a reader graded it; ``grades`` may be means of readers; ``centres`` may be empty."""

    subject: str
    image: str
    side: Side
    grades: Mapping[tuple[str, Item], float]
    centres: Mapping[str, tuple[float, float]]


def read_labels(path: Path) -> tuple[ReadHand, ...]:
    """All hands of a table, in its order. LabelError names row, column, what was found and what is allowed."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LabelError(f"{path.name} cannot be read as a table of readings: {error}.") from None
    if not rows:
        raise LabelError(f"{path.name} has no rows; wanted the columns {', '.join(_NEEDED)}.")
    if missing := [column for column in _NEEDED if column not in rows[0]]:
        raise LabelError(f"{path.name} has no column {missing[0]!r}; wanted {', '.join(_NEEDED)}.")
    hands: dict[tuple[str, Side], ReadHand] = {}
    for number, row in enumerate(rows, 2):
        _add(hands, _Row(path.name, number, row))
    return tuple(hands.values())


@dataclass(frozen=True)
class _Row:
    file: str
    number: int
    cells: Mapping[str, str | None]

    def text(self, column: str) -> str:
        return (self.cells.get(column) or "").strip()

    def choice(self, column: str, allowed: tuple[str, ...]) -> str:
        if (found := self.text(column)) not in allowed:
            raise self.fault(column, f"one of {', '.join(allowed)}")
        return found

    def number_in(self, column: str, low: float, high: float) -> float:
        try:
            value = float(self.text(column))
        except ValueError:
            raise self.fault(column, "a number") from None
        if not low <= value <= high:
            raise self.fault(column, f"a number from {low:g} to {high:g}")
        return value

    def fault(self, column: str, wanted: str) -> LabelError:
        return LabelError(f"{self.file}, row {self.number}, {column}: found {self.text(column)!r}, wanted {wanted}.")


def _add(hands: dict[tuple[str, Side], ReadHand], row: _Row) -> None:
    side = cast(Side, row.choice("side", SIDES))
    item = cast(Item, row.choice("item", ITEMS))
    site = row.choice("site", SITES_OF[item])
    if not (image := row.text("image")):
        raise row.fault("image", "the name of a file")
    hand = hands.setdefault((image, side), ReadHand(row.text("subject") or image, image, side, {}, {}))
    grades, centres = dict(hand.grades), dict(hand.centres)
    if row.text("status") in ("", "scored"):
        if (site, item) in grades:
            raise row.fault("item", "each item of a site once for an image and side")
        grades[site, item] = row.number_in("value", 0, HIGHEST_GRADE[item])
    if row.text("x") and row.text("y"):
        centres[site] = (row.number_in("x", -1e5, 1e5), row.number_in("y", -1e5, 1e5))
    hands[image, side] = ReadHand(hand.subject, image, side, grades, centres)
