"""A centre's own readings as hands: what all readers of one hand on one image say together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scoring.learning.label import TOTAL, Label
from scoring.learning.reader_means import mean_of_readers, reader_means
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


def hands_of(labels: Sequence[Label]) -> tuple[ReadHand, ...]:
    """Readings put together, in the order of ``by_hand``."""
    return tuple(map(_hand, by_hand(labels).values()))


def by_hand(labels: Sequence[Label]) -> dict[tuple[str, Side], list[Label]]:
    """The readings of each image and side, in the order in which these first appear."""
    hands: dict[tuple[str, Side], list[Label]] = {}
    for label in labels:
        hands.setdefault((label.image, label.side), []).append(label)
    return hands


def _hand(rows: Sequence[Label]) -> ReadHand:
    first = rows[0]
    graded: dict[tuple[str, Item], list[Label]] = {}
    for row in rows:
        if row.item == "erosion" or row.item == "narrowing":
            graded.setdefault((row.site, row.item), []).append(row)
    means = {place: mean_of_readers(reader_means(those)) for place, those in graded.items()}
    return ReadHand(
        subject=first.subject,
        image=first.image,
        side=first.side,
        grades={place: mean for place, mean in means.items() if mean is not None},
        centres={row.site: (row.x, row.y) for row in rows if row.x is not None and row.y is not None},
        total=mean_of_readers(reader_means(row for row in rows if row.item == TOTAL)),
        visit=first.visit,
        centre=first.centre,
    )
