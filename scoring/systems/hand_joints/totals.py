"""Sums of a result, by the score rule: over assessed sites, and a total only when nothing is missing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, cast

from scoring.result import ScoreItem, ScoreTotal
from scoring.score_rules.sharp_van_der_heijde import Grade, Item, Subtotal, highest_sum, subtotal
from scoring.spec import SystemSpec

TOTAL: Final = "svdh.all.both"
"""The only sum that must be complete: the number that two visits are compared by."""


def totals(spec: SystemSpec, items: Iterable[ScoreItem]) -> tuple[ScoreTotal, ...]:
    """Every sum that the spec lists, over the items that have a grade."""
    grades = [
        Grade(item.side, item.site, cast(Item, item.item), item.value, item.grade)
        for item in items
        if item.side is not None and item.value is not None and item.grade is not None
    ]
    rows: list[ScoreTotal] = []
    for wanted in spec.totals:
        item = cast(Item | None, wanted.item)
        found = subtotal(grades, wanted.side, item)
        reason = _missing(wanted.key, found)
        rows.append(
            ScoreTotal(
                key=wanted.key,
                side=wanted.side,
                value=None if reason else round(found.expected, 4),
                grade=None if reason else found.grade,
                assessed=found.assessed,
                planned=found.planned,
                highest=float(highest_sum(wanted.side, item)),
                reason=spec.reasons[reason] if reason else None,
            )
        )
    return tuple(rows)


def _missing(key: str, found: Subtotal) -> str | None:
    """Key of the reason for which a sum has no number, or None."""
    if found.assessed == 0:
        return "none_assessed"
    if key == TOTAL and not found.complete:
        return "incomplete"
    return None
