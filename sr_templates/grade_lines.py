"""What the numbers of a group do not show of a grade or a sum, in words: probabilities of grades, and exceptions.

The rule that needs no word: a grade is the model's, was read from the region of its group, its certainty and every
other share is the written percentage over 100, and the probability of a finding is its value; a site that was not
imaged comes from a rule and has no image. A line tells what differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar, cast, get_args

from scoring.coded_concept import CodedConcept
from scoring.result import Box, ItemStatus, Origin, ScoreItem, ScoreResult, ScoreTotal, Side
from scoring.spec import ItemSpec, SystemSpec
from sr_templates import codes
from sr_templates.errors import ForeignReportError
from sr_templates.exact_text import box_of, fields_of, line_of, needed, numbers_line, numbers_of
from sr_templates.image_lines import image_at
from sr_templates.regions import drawn_box, site_region
from sr_templates.written_values import is_exact, unit_of, usual_probabilities, value_of, written

_Part = TypeVar("_Part", ScoreItem, ScoreTotal)
_NONE: Final = "none"
_PROBABILITIES: Final = "probability of grade 0 and up"


def grade_lines(result: ScoreResult, spec: SystemSpec) -> list[tuple[CodedConcept, str]]:
    """A line for each grade of which the groups do not say everything."""
    number = {image.sop_instance_uid: str(n) for n, image in enumerate(result.images, start=1)}
    by_place: dict[tuple[Side | None, str, int | None], list[ScoreItem]] = {}
    for item in result.items:
        by_place.setdefault((item.side, item.site, item.picture), []).append(item)
    lines = []
    for items in by_place.values():
        where = site_region(result, items[0].side, items)
        drawn = where.image.sop_instance_uid, drawn_box(where)
        for item in items:
            if fields := _fields(item, spec.item(item.item), drawn, number):
                lines.append((codes.GRADE_DETAIL, line_of({"grade": item.key, **fields})))
    return lines


def sum_lines(result: ScoreResult, spec: SystemSpec) -> list[tuple[CodedConcept, str]]:
    """A line for each sum of which the written numbers do not give the very values back."""
    units = {total.key: unit_of(total) for total in spec.totals}
    told = ((total.key, _exact_numbers(total, units[total.key])) for total in result.totals)
    return [(codes.SUM_DETAIL, line_of({"sum": key, **fields})) for key, fields in told if fields]


def usual_origin(status: ItemStatus) -> Origin:
    """Whose a grade is when no line tells it."""
    return "rule" if status == "not_imaged" else "model"


def usual_place(status: ItemStatus, drawn: tuple[str, Box]) -> tuple[str, Box] | tuple[None, None]:
    """Image and region of a grade when no line tells them; ``drawn``: those of its group."""
    return (None, None) if status == "not_imaged" else drawn


def completed_sum(total: ScoreTotal, line: str) -> ScoreTotal:
    """The sum as its group tells it, with what the line adds."""
    return _with_numbers(total, fields_of(line))


def completed(item: ScoreItem, line: str, images: Sequence[str]) -> ScoreItem:
    """The grade as its group tells it, with what the line adds."""
    fields = fields_of(line)
    if _PROBABILITIES in fields:
        item = replace(item, probabilities=numbers_of(fields[_PROBABILITIES]))
    if "certainty" in fields:
        item = replace(item, certainty=(*numbers_of(fields["certainty"]), None)[0])
    item = _with_numbers(item, fields)
    if "origin" in fields:
        item = replace(item, origin=_origin(fields["origin"]))
    if "image" in fields:
        image = None if fields["image"] == _NONE else image_at(fields["image"], images)
        box = needed(fields, "box")
        item = replace(item, image=image, region=None if box == _NONE else box_of(box))
    return item


def _fields(item: ScoreItem, spec: ItemSpec, drawn: tuple[str, Box], number: dict[str, str]) -> dict[str, str]:
    fields = {}
    shown = None if item.value is None else value_of(written(item.value, unit_of(spec)), unit_of(spec))
    if item.probabilities != usual_probabilities(spec, shown):
        fields[_PROBABILITIES] = numbers_line(item.probabilities)
    if item.certainty is not None and not is_exact(item.certainty, codes.PERCENT):
        fields["certainty"] = numbers_line([item.certainty])
    fields |= _exact_numbers(item, unit_of(spec))
    if item.origin != usual_origin(item.status):
        fields["origin"] = item.origin
    if (item.image, item.region) != usual_place(item.status, drawn):
        fields["image"] = number[item.image] if item.image else _NONE
        fields["box"] = numbers_line(item.region) if item.region else _NONE
    return fields


def _exact_numbers(one: ScoreItem | ScoreTotal, unit: CodedConcept) -> dict[str, str]:
    """Value and interval where their percentages do not give them back."""
    fields = {}
    if one.value is not None and not is_exact(one.value, unit):
        fields["value"] = numbers_line([one.value])
    if one.interval is not None and not all(is_exact(end, unit) for end in one.interval):
        fields["interval"] = numbers_line(one.interval)
    return fields


def _with_numbers(one: _Part, fields: Mapping[str, str]) -> _Part:
    if "value" in fields:
        one = replace(one, value=(*numbers_of(fields["value"]), None)[0])
    if "interval" in fields:
        ends = numbers_of(fields["interval"])
        if len(ends) != 2:
            raise ForeignReportError(f"An interval of the report has {len(ends)} ends; the report is damaged.")
        one = replace(one, interval=(ends[0], ends[1]))
    return one


def _origin(words: str) -> Origin:
    if words not in get_args(Origin):
        raise ForeignReportError("A grade of the report has an origin that this software does not know.")
    return cast(Origin, words)
