"""The truth of phantoms as a table that any program reads: ``truth.csv``."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Protocol

from scoring.result import ItemStatus
from scoring.score_rules.sharp_van_der_heijde import ITEMS, SITES_OF, Item, Side


class KnownHand(Protocol):
    """A hand whose truth is known: drawn whole, or real with damage drawn into it."""

    @property
    def side(self) -> Side:
        """The patient's side."""

    @property
    def centres(self) -> Mapping[str, tuple[float, float]]:
        """(x, y) in pixels by site."""

    @property
    def visible(self) -> frozenset[str]:
        """The sites that the picture shows."""

    @property
    def grades(self) -> Mapping[tuple[str, Item], int]:
        """Grades by site and item."""


@dataclass(frozen=True, slots=True)
class TruthRow:
    """One item of one site. ``value`` is empty unless ``status`` is ``scored``; ``x``, ``y``: pixels of ``image``."""

    subject: str
    visit: str
    image: str
    side: Side
    site: str
    item: Item
    value: int | None
    status: ItemStatus
    x: float
    y: float


def truth_rows(hand: KnownHand, subject: str, visit: str, image: str) -> Iterator[TruthRow]:
    """The 31 rows of one hand in reading order; sites outside the picture or not yet grown are ``not_imaged``."""
    for item in ITEMS:
        for site in SITES_OF[item]:
            seen = site in hand.visible
            x, y = hand.centres[site]
            yield TruthRow(
                subject=subject,
                visit=visit,
                image=image,
                side=hand.side,
                site=site,
                item=item,
                value=hand.grades[site, item] if seen else None,
                status="scored" if seen else "not_imaged",
                x=round(x, 2),
                y=round(y, 2),
            )


def write_truth(path: Path, rows: Iterable[TruthRow]) -> None:
    """Write ``rows`` as CSV (UTF-8, header line, empty cell for no value)."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(field.name for field in fields(TruthRow))
        writer.writerows(("" if cell is None else cell for cell in astuple(row)) for row in rows)
