"""The order of grades and sums: a report groups them by side and site, a stored result is one list.

A result of ours holds them in the order of its spec, which needs no word. Any other order is told, so that the result
that is read back has the digest of the stored one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from scoring.coded_concept import CodedConcept
from scoring.result import ScoreItem, ScoreResult, ScoreTotal
from scoring.spec import SystemSpec
from sr_templates import codes
from sr_templates.errors import ForeignReportError
from sr_templates.exact_text import fields_of, line_of, needed, whole_number

_Part = TypeVar("_Part", ScoreItem, ScoreTotal)


def order_lines(result: ScoreResult, spec: SystemSpec) -> list[tuple[CodedConcept, str]]:
    """Which place of the spec's order comes first, second, …; nothing when it is the spec's."""
    told = {}
    for name, parts, usual in (
        ("grades", [i.key for i in result.items], [i.key for i in items_in_order(result.items, spec)]),
        ("sums", [t.key for t in result.totals], [t.key for t in totals_in_order(result.totals, spec)]),
    ):
        if parts != usual:
            told[name] = ", ".join(str(usual.index(key) + 1) for key in parts)
    return [(codes.STORED_ORDER, line_of(told))] if told else []


def items_in_order(items: Sequence[ScoreItem], spec: SystemSpec) -> list[ScoreItem]:
    """As ``SystemSpec.place`` says."""
    return sorted(items, key=spec.place)


def totals_in_order(totals: Sequence[ScoreTotal], spec: SystemSpec) -> list[ScoreTotal]:
    """As the spec lists them."""
    place = {total.key: number for number, total in enumerate(spec.totals)}
    return sorted(totals, key=lambda total: place[total.key])


def as_stored(name: str, parts: Sequence[_Part], lines: Sequence[str]) -> tuple[_Part, ...]:
    """``parts`` in the order that the lines of the report tell; ForeignReportError when it is none of these parts."""
    told = [fields_of(line) for line in lines]
    if not told or name not in told[0]:
        return tuple(parts)
    places = [whole_number(word.strip()) for word in needed(told[0], name).split(",")]
    if sorted(places) != list(range(1, len(parts) + 1)):
        raise ForeignReportError(f"The report tells an order of {len(places)} {name}, and holds {len(parts)}.")
    return tuple(parts[place - 1] for place in places)
