"""Sharp/van der Heijde score of the hands: sites, ranges, subtotals and totals.

Sixteen erosion sites (0-5) and fifteen narrowing sites (0-4) a hand; 160 + 120 = 280 for both hands
(van der Heijde, J Rheumatol 1999;26:743-745; the sites as the reference lists them).
A number is never made up for a site that was not assessed: subtotals say how many sites they rest on, and the
total exists only when every site of both hands was assessed (missing-site rule ``none``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

Side = Literal["L", "R"]
Item = Literal["erosion", "narrowing"]

SIDES: Final[tuple[Side, ...]] = ("R", "L")
ITEMS: Final[tuple[Item, ...]] = ("erosion", "narrowing")

EROSION_SITES: Final = (
    "IP1",
    "PIP2",
    "PIP3",
    "PIP4",
    "PIP5",
    "MCP1",
    "MCP2",
    "MCP3",
    "MCP4",
    "MCP5",
    "MC1B",
    "TRAPEZIUM",
    "SCAPHOID",
    "LUNATE",
    "RADIUS",
    "ULNA",
)
"""Base of metacarpal 1 is ``MC1B``; ``TRAPEZIUM`` is the multangular unit (trapezium and trapezoid)."""

NARROWING_SITES: Final = (
    "PIP2",
    "PIP3",
    "PIP4",
    "PIP5",
    "MCP1",
    "MCP2",
    "MCP3",
    "MCP4",
    "MCP5",
    "CMC3",
    "CMC4",
    "CMC5",
    "STT",
    "CNL",
    "RC",
)
"""``STT``: multangular-navicular joint; ``CNL``: capitate-navicular-lunate; ``RC``: radiocarpal."""

SITES: Final = tuple(dict.fromkeys(EROSION_SITES + NARROWING_SITES))
"""The 22 places of one hand at which something is graded, each once, in reading order."""

HIGHEST_GRADE: Final[dict[Item, int]] = {"erosion": 5, "narrowing": 4}
SITES_OF: Final[dict[Item, tuple[str, ...]]] = {"erosion": EROSION_SITES, "narrowing": NARROWING_SITES}

MISSING_SITE_RULE: Final = "none"
"""Nothing is imputed. Other rules belong to a trial's protocol, never to the software."""


@dataclass(frozen=True, slots=True)
class Grade:
    """One assessed item of one site: the expected value (real, 0..highest) and the integer grade."""

    side: Side
    site: str
    item: Item
    expected: float
    grade: int


@dataclass(frozen=True, slots=True)
class Subtotal:
    """A sum over assessed sites only. ``assessed`` of ``planned`` sites had a grade."""

    key: str
    expected: float
    grade: int
    assessed: int
    planned: int

    @property
    def complete(self) -> bool:
        """True when every planned site was assessed, so that the sum may be compared with another."""
        return self.assessed == self.planned


def planned_sites(side: Side | None = None, item: Item | None = None) -> int:
    """How many grades a full reading has: 31 a hand, 62 in all."""
    hands = 1 if side else len(SIDES)
    return hands * sum(len(SITES_OF[i]) for i in ITEMS if item in (None, i))


def highest_sum(side: Side | None = None, item: Item | None = None) -> int:
    """The top of the scale of a subtotal: 280 for both hands, 80 for the erosions of one."""
    hands = 1 if side else len(SIDES)
    return hands * sum(len(SITES_OF[i]) * HIGHEST_GRADE[i] for i in ITEMS if item in (None, i))


def subtotal(grades: Iterable[Grade], side: Side | None = None, item: Item | None = None) -> Subtotal:
    """Sum the assessed sites of a side and an item (``None``: both); nothing is rounded before summing."""
    chosen = [g for g in grades if side in (None, g.side) and item in (None, g.item)]
    key = ".".join(("svdh", item or "all", side or "both"))
    return Subtotal(
        key=key,
        expected=round(sum(g.expected for g in chosen), 6),
        grade=sum(g.grade for g in chosen),
        assessed=len(chosen),
        planned=planned_sites(side, item),
    )


def subtotals(grades: Iterable[Grade]) -> tuple[Subtotal, ...]:
    """All sums a reading centre prints: per hand and item, per hand, per item, and over everything, in that order."""
    kept = tuple(grades)
    rows: list[Subtotal] = []
    for side in SIDES:
        rows += [subtotal(kept, side, item) for item in ITEMS]
        rows.append(subtotal(kept, side))
    rows += [subtotal(kept, item=item) for item in ITEMS]
    rows.append(subtotal(kept))
    return tuple(rows)
