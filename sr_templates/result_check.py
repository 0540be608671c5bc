"""A result against its spec, before anything is written: unknown names, numbers out of range, gaps without a reason."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from scoring.result import Box, ComparedTotal, ScoreItem, ScoreResult, ScoreTotal, Side
from scoring.spec import ItemSpec, SystemSpec
from sr_templates import codes
from sr_templates.errors import InvalidResultError

_ROUNDING: Final = 0.005
"""How far probabilities may miss the sum of 1: each is rounded to four digits or fewer."""


def refuse_invalid_result(result: ScoreResult, spec: SystemSpec) -> None:
    """Raise InvalidResultError naming the first item, total, hand or image that the spec does not allow."""
    if result.system != spec.key:
        raise InvalidResultError(f"A result of {result.system!r} cannot be written by the spec of {spec.key!r}.")
    if not result.images:
        raise InvalidResultError("A result names no image; a report has nothing to refer to. Score the study again.")
    _refuse_twice("image", [image.sop_instance_uid for image in result.images])
    _refuse_twice("grade", [item.key for item in result.items])
    _refuse_twice("total", [total.key for total in result.totals])
    images = {image.sop_instance_uid for image in result.images}
    for item in result.items:
        _refuse_item(item, spec)
        _refuse_place(item.key, item.image, item.region, images)
    for total in result.totals:
        _refuse_total(total, spec)
    for hand in result.hands:
        _refuse_place(f"the {hand.side} hand", hand.image, hand.box, images)
        _refuse_share(f"the {hand.side} hand", "side certainty", hand.side_certainty)
    for heatmap in result.heatmaps:
        _refuse_place("a heatmap", heatmap.image, None, images)
    for marks in result.marks:
        _refuse_place("a list of marks", marks.image, None, images)
    _refuse_twice("second opinion", [opinion.digest for opinion in result.second_opinions])
    for opinion in result.second_opinions:
        for compared in opinion.totals:
            _refuse_compared(compared, spec)
    _refuse_withdrawal(result)


def is_complete(result: ScoreResult, spec: SystemSpec) -> bool:
    """True when every planned item has a grade or a coded reason, or the whole study has a reason.

    Where pictures are numbered every item of every picture is planned, and every image that was read is a picture.
    """
    if result.not_evaluable is not None:
        return True
    given = {(i.side, i.site, i.picture, i.item) for i in result.items}
    if spec.per_picture:
        places = {place[:3] for place in given}
        read = {image.sop_instance_uid for image in result.images if image.used}
        planned = {(*place, item) for place in places for item in spec.site(place[1]).items}
        return planned <= given and read <= {item.image for item in result.items}
    sides: tuple[Side | None, ...] = spec.sides or (None,)
    return {(side, site.key, None, item) for side in sides for site in spec.sites for item in site.items} <= given


def _refuse_item(item: ScoreItem, spec: SystemSpec) -> None:
    try:
        site, item_spec = spec.site(item.site), spec.item(item.item)
    except KeyError as error:
        raise InvalidResultError(f"{item.key}: {error.args[0]!r} is not in the spec of {spec.key!r}.") from None
    if item.item not in site.items or (item.side is not None and item.side not in spec.sides):
        raise InvalidResultError(f"{item.key}: the spec of {spec.key!r} plans no such grade.")
    if spec.per_picture != (item.picture is not None) or (item.picture is not None and item.picture < 1):
        raise InvalidResultError(
            f"{item.key}: pictures are numbered from 1 where the spec has per_picture, and nowhere else."
        )
    numbers = (item.value, item.grade, item.certainty, item.interval, item.probabilities or None)
    if item.status == "scored":
        if item.value is None and item.grade is None:
            raise InvalidResultError(f"{item.key} is scored but has no number.")
        if item.reason is not None:
            raise InvalidResultError(f"{item.key} is scored but has a reason for having no grade.")
    elif item.reason is None or any(number is not None for number in numbers):
        raise InvalidResultError(f"{item.key} is {item.status}: it must have a coded reason and no number.")
    _refuse_off_scale(item, item_spec)
    _refuse_numbers(item.key, item.value, item.grade, item_spec.highest)
    _refuse_interval(item.key, item.interval)
    if item.certainty is not None:
        _refuse_share(item.key, "certainty", item.certainty)
    if item.probabilities:
        _refuse_probabilities(item.key, item.probabilities, item_spec.highest)


def _refuse_off_scale(item: ScoreItem, spec: ItemSpec) -> None:
    if spec.scale == "measurement" and (item.grade is not None or item.probabilities):
        raise InvalidResultError(f"{item.key} is a measurement; it has a value and an interval alone.")
    if spec.scale == "present" and item.value is not None and spec.expected_concept is None:
        raise InvalidResultError(f"{item.key}: the spec has no concept for its probability.")


def _refuse_total(total: ScoreTotal, spec: SystemSpec) -> None:
    known = {t.key: t for t in spec.totals}
    if total.key not in known:
        raise InvalidResultError(f"The total {total.key!r} is not in the spec of {spec.key!r}.")
    planned = known[total.key]
    if (total.side, total.highest) != (planned.side, planned.highest):
        raise InvalidResultError(f"The total {total.key!r} has another side or range than in the spec of {spec.key!r}.")
    if total.value is None and total.grade is None and total.reason is None:
        raise InvalidResultError(f"The total {total.key!r} has neither a number nor a reason.")
    if (total.value is not None and not planned.holds_value) or (total.grade is not None and not planned.holds_grade):
        raise InvalidResultError(f"The total {total.key!r} is a {planned.derivation}; it has a number of another kind.")
    if planned.categories and total.grade == 0:
        raise InvalidResultError(f"The total {total.key!r} has the category 0; they are counted from 1.")
    if total.rule is not None and (not planned.categories or total.rule not in spec.rules.values()):
        raise InvalidResultError(f"The total {total.key!r} names a rule that the spec of {spec.key!r} does not have.")
    if not 0 <= total.assessed <= total.planned:
        raise InvalidResultError(f"The total {total.key!r} rests on {total.assessed} of {total.planned} grades.")
    _refuse_numbers(total.key, total.value, total.grade, planned.highest)
    _refuse_interval(total.key, total.interval)


def _refuse_compared(compared: ComparedTotal, spec: SystemSpec) -> None:
    if compared.key not in {total.key for total in spec.totals}:
        raise InvalidResultError(f"A second opinion is on {compared.key!r}, which is not in the spec of {spec.key!r}.")
    if not math.isfinite(compared.value):
        raise InvalidResultError(f"{compared.key}: the value of a second opinion is not finite.")
    _refuse_interval(compared.key, compared.interval)


def _refuse_withdrawal(result: ScoreResult) -> None:
    """A withdrawal takes something back, says so by its code, and scores nothing."""
    says_so = result.not_evaluable is not None and result.not_evaluable.reason == codes.WITHDRAWN
    if result.withdraws != says_so:
        raise InvalidResultError(
            f"A result that withdraws, and no other, is not evaluable for the reason {codes.WITHDRAWN.value}."
        )
    if result.withdraws and result.predecessor is None:
        raise InvalidResultError("A withdrawal names no predecessor; nothing is taken back by it.")
    if result.withdraws and (result.items or result.totals):
        raise InvalidResultError("A withdrawal must hold no grade and no total.")


def _refuse_twice(kind: str, names: Sequence[str]) -> None:
    for number, name in enumerate(names):
        if name in names[:number]:
            raise InvalidResultError(f"The {kind} {name} is in the result twice.")


def _refuse_place(key: str, image: str | None, box: Box | None, images: Iterable[str]) -> None:
    if image is None and box is not None:
        raise InvalidResultError(f"{key}: it has a region but no image.")
    if image is not None and image not in images:
        raise InvalidResultError(f"{key}: its image is not among the images of the result.")
    if box is not None and not (all(map(math.isfinite, box)) and box[0] <= box[2] and box[1] <= box[3]):
        raise InvalidResultError(f"{key}: its box {box} is not x0, y0, x1, y1 in pixels.")


def _refuse_numbers(key: str, value: float | None, grade: int | None, highest: int) -> None:
    for number in (value, grade):
        if number is not None and not (math.isfinite(number) and 0 <= number <= highest):
            raise InvalidResultError(f"{key}: {number} is out of range; allowed are 0 to {highest}.")


def _refuse_interval(key: str, interval: tuple[float, float] | None) -> None:
    if interval is not None and not (all(map(math.isfinite, interval)) and interval[0] <= interval[1]):
        raise InvalidResultError(f"{key}: the interval {interval} is not finite, or its ends are out of order.")


def _refuse_share(key: str, name: str, share: float) -> None:
    if not 0 <= share <= 1:
        raise InvalidResultError(f"{key}: {name} is {share}; it must lie in 0..1.")


def _refuse_probabilities(key: str, probabilities: Sequence[float], highest: int) -> None:
    if len(probabilities) != highest + 1:
        raise InvalidResultError(f"{key}: {len(probabilities)} probabilities for the grades 0 to {highest}.")
    for probability in probabilities:
        _refuse_share(key, "a probability", probability)
    if abs(math.fsum(probabilities) - 1) > _ROUNDING:
        raise InvalidResultError(f"{key}: the probabilities sum to {math.fsum(probabilities):.4g}; they must sum to 1.")
