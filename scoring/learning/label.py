"""One reading: the value a reader gave one item of one site, or the status that stands in its place.

A site is a joint of a hand, or a finger whose nailfold was pictured.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from scoring.result import ItemStatus
from scoring.score_rules.nailfold_labels import FINGERS, NAILFOLD_LABELS, NailfoldLabel
from scoring.score_rules.sharp_van_der_heijde import HIGHEST_GRADE, ITEMS, SIDES, SITES_OF, Side, highest_sum

LabelItem = Literal["erosion", "narrowing", "total"] | NailfoldLabel
OrderMode = Literal["", "chronological", "paired", "single"]

TOTAL: Final = "total"
"""The item of a reader who wrote down only the sum of a hand."""
HAND: Final = "HAND"
"""The one site of ``TOTAL``."""
ORDER_MODES: Final[tuple[OrderMode, ...]] = ("", "chronological", "paired", "single")
"""How a subject's visits were read: order known; together, order hidden; each alone (van der Heijde, J Rheumatol
1999;26:743-745: sensitivity to change 0.39, 0.22, 0.24). Empty: not said."""
LABEL_SITES: Final[Mapping[LabelItem, tuple[str, ...]]] = {**{item: SITES_OF[item] for item in ITEMS}, TOTAL: (HAND,)}
"""What a table of readings of radiographs may say: items, and the sites of each."""
NAILFOLD_SITES: Final[Mapping[LabelItem, tuple[str, ...]]] = dict.fromkeys(NAILFOLD_LABELS, FINGERS)
"""The same of pictures of nailfolds."""


def highest_value(item: LabelItem) -> int:
    """The top of an item's scale: 5, 4, 140 for the total of a hand, 1 (yes) for a label of a nailfold."""
    if item == "erosion" or item == "narrowing":
        return HIGHEST_GRADE[item]
    return highest_sum(SIDES[0]) if item == "total" else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One row of a table of readings; the fields are its columns, in their order.

    ``value`` is there exactly when ``status`` is ``scored``. ``reading`` counts a reader's repeats from 1.
    ``site`` is a place on the hand, or a finger; ``centre`` the hospital. ``x``, ``y``: the site's centre in pixels of
    the image.
    """

    subject: str
    visit: str = ""
    image: str
    side: Side
    site: str
    item: LabelItem
    value: float | None
    status: ItemStatus = "scored"
    reader: str = ""
    reading: int = 1
    date: datetime.date | None = None
    order_mode: OrderMode = ""
    centre: str = ""
    x: float | None = None
    y: float | None = None
