"""A result against its spec, before anything is written: unknown names, numbers out of range, gaps without a reason."""

from __future__ import annotations

import math

from scoring.result import ScoreItem, ScoreResult, ScoreTotal
from scoring.spec import SystemSpec
from sr_templates.errors import InvalidResultError


def refuse_invalid_result(result: ScoreResult, spec: SystemSpec) -> None:
    """Raise InvalidResultError naming the first item or total that the spec does not allow."""
    if result.system != spec.key:
        raise InvalidResultError(f"A result of {result.system!r} cannot be written by the spec of {spec.key!r}.")
    if not result.images:
        raise InvalidResultError("A result names no image; a report has nothing to refer to. Score the study again.")
    seen: set[str] = set()
    for item in result.items:
        _refuse_item(item, spec)
        if item.key in seen:
            raise InvalidResultError(f"{item.key} is in the result twice.")
        seen.add(item.key)
    for total in result.totals:
        _refuse_total(total, spec)


def is_complete(result: ScoreResult, spec: SystemSpec) -> bool:
    """True when every planned item has a grade or a coded reason, or the whole study has a reason."""
    if result.not_evaluable is not None:
        return True
    planned = {(side, site.key, item) for side in spec.sides or (None,) for site in spec.sites for item in site.items}
    return planned <= {(i.side, i.site, i.item) for i in result.items}


def _refuse_item(item: ScoreItem, spec: SystemSpec) -> None:
    try:
        site, item_spec = spec.site(item.site), spec.item(item.item)
    except KeyError as error:
        raise InvalidResultError(f"{item.key}: {error.args[0]!r} is not in the spec of {spec.key!r}.") from None
    if item.item not in site.items or (item.side is not None and item.side not in spec.sides):
        raise InvalidResultError(f"{item.key}: the spec of {spec.key!r} plans no such grade.")
    if item.status == "scored":
        if item.value is None and item.grade is None:
            raise InvalidResultError(f"{item.key} is scored but has no number.")
    elif item.reason is None or item.value is not None or item.grade is not None:
        raise InvalidResultError(f"{item.key} is {item.status}: it must have a coded reason and no number.")
    _refuse_numbers(item.key, item.value, item.grade, item_spec.highest)
    if item.certainty is not None and not 0 <= item.certainty <= 1:
        raise InvalidResultError(f"{item.key}: certainty is {item.certainty}; it must lie in 0..1.")


def _refuse_total(total: ScoreTotal, spec: SystemSpec) -> None:
    known = {t.key: t for t in spec.totals}
    if total.key not in known:
        raise InvalidResultError(f"The total {total.key!r} is not in the spec of {spec.key!r}.")
    if total.value is None and total.grade is None and total.reason is None:
        raise InvalidResultError(f"The total {total.key!r} has neither a number nor a reason.")
    if not 0 <= total.assessed <= total.planned:
        raise InvalidResultError(f"The total {total.key!r} rests on {total.assessed} of {total.planned} grades.")
    _refuse_numbers(total.key, total.value, total.grade, known[total.key].highest)


def _refuse_numbers(key: str, value: float | None, grade: int | None, highest: int) -> None:
    for number in (value, grade):
        if number is not None and not (math.isfinite(number) and 0 <= number <= highest):
            raise InvalidResultError(f"{key}: {number} is out of range; allowed are 0 to {highest}.")
