"""What the numbers of a group do not show of a grade, in words: the probability of every grade, and exceptions.

The rule that needs no word: a grade is the model's, was read from the region of its group, and its certainty is the
written percentage over 100; a site that was not imaged comes from a rule and has no image. A line tells what differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, cast, get_args

from scoring.coded_concept import CodedConcept
from scoring.result import Box, ItemStatus, Origin, ScoreItem, ScoreResult
from sr_templates import codes
from sr_templates.errors import ForeignReportError
from sr_templates.exact_text import box_of, fields_of, line_of, needed, numbers_line, numbers_of
from sr_templates.image_lines import image_at
from sr_templates.regions import drawn_box, site_region

_NONE: Final = "none"
_PROBABILITIES: Final = "probability of grade 0 and up"


def grade_lines(result: ScoreResult) -> list[tuple[CodedConcept, str]]:
    """A line for each grade of which the groups do not say everything."""
    number = {image.sop_instance_uid: str(n) for n, image in enumerate(result.images, start=1)}
    by_site: dict[tuple[str | None, str], list[ScoreItem]] = {}
    for item in result.items:
        by_site.setdefault((item.side, item.site), []).append(item)
    lines = []
    for items in by_site.values():
        where = site_region(result, items[0].side, items)
        drawn = where.image.sop_instance_uid, drawn_box(where)
        for item in items:
            if fields := _fields(item, drawn, number):
                lines.append((codes.GRADE_DETAIL, line_of({"grade": item.key, **fields})))
    return lines


def usual_origin(status: ItemStatus) -> Origin:
    """Whose a grade is when no line tells it."""
    return "rule" if status == "not_imaged" else "model"


def usual_place(status: ItemStatus, drawn: tuple[str, Box]) -> tuple[str, Box] | tuple[None, None]:
    """Image and region of a grade when no line tells them; ``drawn``: those of its group."""
    return (None, None) if status == "not_imaged" else drawn


def certainty_of(percentage: float) -> float:
    """The certainty of which this percentage was written, when no line tells it."""
    plain = percentage / 100
    rounded = round(plain, 12)
    return rounded if 100 * rounded == percentage else plain


def completed(item: ScoreItem, line: str, images: Sequence[str]) -> ScoreItem:
    """The grade as its group tells it, with what the line adds."""
    fields = fields_of(line)
    if _PROBABILITIES in fields:
        item = replace(item, probabilities=numbers_of(fields[_PROBABILITIES]))
    if "certainty" in fields:
        item = replace(item, certainty=(*numbers_of(fields["certainty"]), None)[0])
    if "origin" in fields:
        item = replace(item, origin=_origin(fields["origin"]))
    if "image" in fields:
        image = None if fields["image"] == _NONE else image_at(fields["image"], images)
        box = needed(fields, "box")
        item = replace(item, image=image, region=None if box == _NONE else box_of(box))
    return item


def _fields(item: ScoreItem, drawn: tuple[str, Box], number: dict[str, str]) -> dict[str, str]:
    fields = {}
    if item.probabilities:
        fields[_PROBABILITIES] = numbers_line(item.probabilities)
    if item.certainty is not None and certainty_of(100 * item.certainty) != item.certainty:
        fields["certainty"] = numbers_line([item.certainty])
    if item.origin != usual_origin(item.status):
        fields["origin"] = item.origin
    if (item.image, item.region) != usual_place(item.status, drawn):
        fields["image"] = number[item.image] if item.image else _NONE
        fields["box"] = numbers_line(item.region) if item.region else _NONE
    return fields


def _origin(words: str) -> Origin:
    if words not in get_args(Origin):
        raise ForeignReportError("A grade of the report has an origin that this software does not know.")
    return cast(Origin, words)
