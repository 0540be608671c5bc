"""A centre's own readings as hands: what all readers of one hand on one image say together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from pathlib import Path

from scoring.learning.label import Label
from scoring.learning.label_table import read_label_table
from scoring.score_rules.sharp_van_der_heijde import Item, Side


@dataclass(frozen=True)
class ReadHand:
    """One hand on one image as its readers graded it; ``grades`` are means of readers; ``centres`` may be empty.

    ``total`` is the mean of the sums that readers wrote down as such, 0..140, ``None`` when none did.
    """

    subject: str
    image: str
    side: Side
    grades: Mapping[tuple[str, Item], float]
    centres: Mapping[str, tuple[float, float]]
    total: float | None = None
    visit: str = ""
    centre: str = ""


def read_labels(path: Path, readers: Collection[str] | None = None) -> tuple[ReadHand, ...]:
    """All hands of a table (``read_label_table``), in its order. LabelError names every wrong row and column."""
    return hands_of(read_label_table(path, readers))


def hands_of(labels: Sequence[Label]) -> tuple[ReadHand, ...]:
    """Readings put together by image and side, in the order in which these first appear."""
    rows: dict[tuple[str, Side], list[Label]] = {}
    for label in labels:
        rows.setdefault((label.image, label.side), []).append(label)
    return tuple(_hand(of_one) for of_one in rows.values())


def _hand(rows: Sequence[Label]) -> ReadHand:
    first = rows[0]
    values: dict[tuple[str, Item], dict[str, list[float]]] = {}
    totals: dict[str, list[float]] = {}
    for row in rows:
        if row.value is None:
            continue
        if row.item == "total":
            totals.setdefault(row.reader, []).append(row.value)
        elif row.item == "erosion" or row.item == "narrowing":
            values.setdefault((row.site, row.item), {}).setdefault(row.reader, []).append(row.value)
    return ReadHand(
        subject=first.subject,
        image=first.image,
        side=first.side,
        grades={place: _mean_of_readers(of_readers) for place, of_readers in values.items()},
        centres={row.site: (row.x, row.y) for row in rows if row.x is not None and row.y is not None},
        total=_mean_of_readers(totals) if totals else None,
        visit=first.visit,
        centre=first.centre,
    )


def _mean_of_readers(readings: Mapping[str, Sequence[float]]) -> float:
    """Each reader's repeats first, so that who read twice has no second vote; who could not grade has none."""
    means = sorted(fsum(sorted(own)) / len(own) for own in readings.values())
    return fsum(means) / len(means)
