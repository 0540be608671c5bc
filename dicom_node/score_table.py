"""``scores.csv``: a row for every item and every total of results, as a statistician wants them.

``lower`` and ``upper`` are the 95 % interval of a total, and of an item the lowest and the highest grade of its 95 %
set: every grade between is in it. Both are empty where nothing was calibrated, and of a total of fewer sites than were
``planned``. Where there is a reason there is no number.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any, Final

from scoring.result import ScoreItem, ScoreResult, ScoreTotal

COLUMNS: Final = (
    "study", "system", "side", "site", "item", "status", "grade", "expected", "certainty", "lower", "upper",
    "assessed", "planned", "reason",
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
        for row in (*map(_of_item, result.items), *map(_of_total, result.totals)):
            writer.writerow(whose | row)
    return text.getvalue()


def _of_item(item: ScoreItem) -> dict[str, Any]:
    row = {"site": item.site, "item": item.item, "status": item.status, "certainty": item.certainty}
    return row | dict(_shared(item))


def _of_total(total: ScoreTotal) -> dict[str, Any]:
    status = "scored" if total.reason is None else "not_computable"
    row = {"site": _TOTAL, "item": total.key, "status": status, "assessed": total.assessed, "planned": total.planned}
    return row | dict(_shared(total))


def _shared(one: ScoreItem | ScoreTotal) -> Iterator[tuple[str, Any]]:
    """What items and totals have alike; None becomes an empty cell."""
    yield from (("side", one.side), ("grade", one.grade), ("expected", one.value))
    yield from zip(("lower", "upper"), one.interval or (None, None), strict=True)
    yield "reason", one.reason.meaning if one.reason else None
