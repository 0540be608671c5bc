"""One reading: the value a reader gave one item of one site of one hand, or the status that stands in its place."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Final, Literal

from scoring.result import ItemStatus
from scoring.score_rules.sharp_van_der_heijde import HIGHEST_GRADE, ITEMS, SIDES, SITES_OF, Side, highest_sum

LabelItem = Literal["erosion", "narrowing", "total"]
OrderMode = Literal["", "chronological", "paired", "single"]

TOTAL: Final = "total"
"""The item of a reader who wrote down only the sum of a hand."""
HAND: Final = "HAND"
"""The one site of ``TOTAL``."""
ORDER_MODES: Final[tuple[OrderMode, ...]] = ("", "chronological", "paired", "single")
"""How a subject's visits were read: order known; together, order hidden; each alone (van der Heijde, J Rheumatol
1999;26:743-745: sensitivity to change 0.39, 0.22, 0.24). Empty: not said."""
LABEL_ITEMS: Final[tuple[LabelItem, ...]] = (*ITEMS, TOTAL)
LABEL_SITES: Final[dict[LabelItem, tuple[str, ...]]] = {**{item: SITES_OF[item] for item in ITEMS}, TOTAL: (HAND,)}


def highest_value(item: LabelItem) -> int:
    """The top of an item's scale: 5, 4, or 140 for the total of a hand."""
    return highest_sum(SIDES[0]) if item == "total" else HIGHEST_GRADE[item]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One row of a table of readings; the fields are its columns, in their order.

    ``value`` is there exactly when ``status`` is ``scored``. ``reading`` counts a reader's repeats from 1.
    ``site`` is a place on the hand; ``centre`` the hospital. ``x``, ``y``: the site's centre in pixels of the image.
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
