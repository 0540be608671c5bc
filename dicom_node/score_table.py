"""``scores.csv``: a row for every item and every total of results, as a statistician wants them.

``lower`` and ``upper`` are the 95 % interval of a total, and of an item the lowest and the highest grade of its 95 %
set: every grade between is in it. Both are empty where nothing was calibrated, and of a total of fewer sites than were
``planned``. Where there is a reason there is no number.

``picture`` is the number of a picture of its site, where a system numbers them. ``unit`` (UCUM) is that of ``expected``
and its interval: ``1`` for a probability, ``{score}`` for a score; empty when the system is not installed. ``rule`` is
the code of the rule that decided a category.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any, Final

from scoring.catalogue import find_spec
from scoring.coded_concept import CodedConcept
from scoring.errors import UnknownSystemError
from scoring.result import ScoreItem, ScoreResult, ScoreTotal
from scoring.spec import PERCENT

COLUMNS: Final = (
    "study", "system", "side", "site", "item", "status", "grade", "expected", "certainty", "lower", "upper",
    "assessed", "planned", "reason", "picture", "unit", "rule",
)  # fmt: skip
_TOTAL: Final = "total"
"""In ``site``, beside the key of the total in ``item``."""


def score_table(results: Sequence[ScoreResult]) -> str:
    """The text of the file: UTF-8, commas, points; items first, then totals, result by result."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for result in results:
        whose = {"study": result.study_instance_uid, "system": result.system}
        units = _units(result.system)
        for row in (*map(_of_item, result.items), *map(_of_total, result.totals)):
            writer.writerow(whose | row | {"unit": units.get(row["item"], "")})
    return text.getvalue()


def _of_item(item: ScoreItem) -> dict[str, Any]:
    row: dict[str, Any] = {"site": item.site, "item": item.item, "status": item.status, "certainty": item.certainty}
    row |= {"picture": item.picture}
    return row | dict(_shared(item))


def _of_total(total: ScoreTotal) -> dict[str, Any]:
    status = "scored" if total.reason is None else "not_computable"
    row: dict[str, Any] = {
        "site": _TOTAL,
        "item": total.key,
        "status": status,
        "assessed": total.assessed,
        "planned": total.planned,
    }
    row["rule"] = total.rule.value if total.rule else None
    return row | dict(_shared(total))


def _shared(one: ScoreItem | ScoreTotal) -> Iterator[tuple[str, Any]]:
    """What items and totals have alike; None becomes an empty cell."""
    yield from (("side", one.side), ("grade", one.grade), ("expected", one.value))
    yield from zip(("lower", "upper"), one.interval or (None, None), strict=True)
    yield "reason", one.reason.meaning if one.reason else None


def _units(system: str) -> dict[str, str]:
    """The unit of every item and total of a system that is installed, by its key."""
    try:
        spec = find_spec(system)
    except UnknownSystemError:
        return {}
    units = {item.key: _unit(item.unit) for item in spec.items}
    return units | {total.key: _unit(total.unit) for total in spec.totals}


def _unit(unit: CodedConcept | None) -> str:
    return "{score}" if unit is None else "1" if unit == PERCENT else unit.value
