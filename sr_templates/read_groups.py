"""The measurement groups of a report of ours back to grades and sums."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, cast

from pydicom.dataset import Dataset

from scoring.coded_concept import CodedConcept
from scoring.result import ItemStatus, ScoreItem, ScoreTotal
from scoring.spec import ItemSpec, SiteSpec, SystemSpec, TotalSpec
from sr_templates import codes
from sr_templates.errors import ForeignReportError
from sr_templates.exact_text import fields_of, needed
from sr_templates.grade_lines import completed, completed_sum, usual_origin, usual_place
from sr_templates.group_content import count_concepts, gap_concept
from sr_templates.group_places import ItemPlace, TotalPlace
from sr_templates.measurement_groups import site_word, sums_word, tracking_identifier
from sr_templates.read_group_content import GroupContent
from sr_templates.read_tree import code_of, key_of, laterality_of, named, only, region_of
from sr_templates.written_values import unit_of, usual_probabilities, value_of

_PICTURE: Final = re.compile(r"(.+) ([1-9][0-9]{0,5})")


def read_items(groups: Iterable[Dataset], spec: SystemSpec) -> list[ScoreItem]:
    """Every grade and gap, as far as the groups say."""
    known = {
        tracking_identifier(spec, side, site_word(site.key, None)): (side, site)
        for side in (*spec.sides, None)
        for site in spec.sites
    }
    items: list[ScoreItem] = []
    for content in map(GroupContent, groups):
        name, picture = content.tracked, None
        if spec.per_picture and (found := _PICTURE.fullmatch(name)):
            name, picture = found[1], int(found[2])
        if name in known and spec.per_picture == (picture is not None):
            side, site = known[name]
            items += _read_items(content, (side, site.key, picture), site, spec)
    return items


def read_totals(groups: Iterable[Dataset], spec: SystemSpec) -> list[ScoreTotal]:
    """Every sum."""
    planned: dict[TotalPlace, list[TotalSpec]] = {}
    for total in spec.totals:
        planned.setdefault((total.side, total.site), []).append(total)
    known = {tracking_identifier(spec, side, sums_word(spec, site)): (side, site) for side, site in planned}
    return [
        _read_total(content, total)
        for content in map(GroupContent, groups)
        if content.tracked in known
        for total in planned[known[content.tracked]]
        if content.number(count_concepts(total)[0], total.concept) is not None
    ]


def read_reason(groups: Iterable[Dataset]) -> CodedConcept | None:
    """Why the study as a whole has no score; None when it has one."""
    return next((code_of(item) for group in groups for item in named(group, codes.NOT_EVALUABLE)), None)


def with_details(items: Iterable[ScoreItem], lines: Iterable[str], images: Sequence[str]) -> list[ScoreItem]:
    """The grades with what the lines of the report add to them; ForeignReportError when a line is about no grade."""
    by_key = {item.key: item for item in items}
    for line in lines:
        key = needed(fields_of(line), "grade")
        if key not in by_key:
            raise ForeignReportError("The report tells more of a grade that none of its groups holds; it is damaged.")
        by_key[key] = completed(by_key[key], line, images)
    return list(by_key.values())


def with_sum_details(totals: Iterable[ScoreTotal], lines: Iterable[str]) -> list[ScoreTotal]:
    """The sums with what the lines of the report add to them; ForeignReportError when a line is about no sum."""
    by_key = {total.key: total for total in totals}
    for line in lines:
        key = needed(fields_of(line), "sum")
        if key not in by_key:
            raise ForeignReportError("The report tells more of a sum that none of its groups holds; it is damaged.")
        by_key[key] = completed_sum(by_key[key], line)
    return list(by_key.values())


def _read_items(content: GroupContent, place: ItemPlace, site: SiteSpec, spec: SystemSpec) -> Iterator[ScoreItem]:
    name = f"Group {content.tracked!r}"
    where = only(content.group, codes.FINDING_SITE, name)
    if key_of(code_of(where)) != key_of(site.concept) or laterality_of(where) != place[0]:
        raise ForeignReportError(f"{name} of the report is named after one site and coded as another; it is damaged.")
    drawn = region_of(only(content.group, codes.IMAGE_REGION, name))
    for key in site.items:
        kind = spec.item(key)
        about = kind.concept if len(site.items) > 1 else None
        status = _status(content, about)
        grade, number = _grade(content, kind), None
        if kind.scale != "grade" or kind.expected_concept:
            number = content.number(kind.value_concept)
        if status == "scored" and grade is None and number is None:
            continue
        value = None if number is None else value_of(number, unit_of(kind))
        certainty = content.number(codes.CERTAINTY, about)
        image, region = usual_place(status, drawn)
        yield ScoreItem(
            site=site.key,
            item=key,
            status=status,
            side=place[0],
            value=value,
            grade=grade,
            probabilities=usual_probabilities(kind, value),
            certainty=None if certainty is None else value_of(certainty, codes.PERCENT),
            interval=_interval(content, kind, about),
            reason=content.code(gap_concept(kind), about),
            image=image,
            region=region,
            origin=usual_origin(status),
            picture=place[2],
        )


def _grade(content: GroupContent, kind: ItemSpec) -> int | None:
    """The whole grade; of a finding whether it is present; none of a measurement."""
    if kind.scale == "present":
        found = content.code(kind.concept)
        return None if found is None else _place_of(found, codes.PRESENCE, kind.key)
    number = None if kind.scale == "measurement" else content.number(kind.concept)
    return None if number is None else _whole(number, kind)


def _read_total(content: GroupContent, total: TotalSpec) -> ScoreTotal:
    assessed, planned = (int(content.number(name, total.concept) or 0) for name in count_concepts(total))
    grade, value = None, None
    if total.categories:
        found = content.code(total.concept)
        grade = None if found is None else 1 + _place_of(found, total.categories, total.key)
    elif total.holds_grade:
        number = content.number(total.concept)
        grade = None if number is None else _whole(number, total)
    if total.holds_value:
        number = content.number(total.value_concept)
        value = None if number is None else value_of(number, unit_of(total))
    return ScoreTotal(
        key=total.key,
        side=total.side,
        value=value,
        grade=grade,
        assessed=assessed,
        planned=planned,
        highest=float(total.highest),
        reason=content.code(gap_concept(total), total.concept),
        interval=_interval(content, total, total.concept),
        rule=content.code(codes.DECIDING_RULE, total.concept),
    )


def _place_of(found: CodedConcept, among: Sequence[CodedConcept], key: str) -> int:
    places = {key_of(concept): place for place, concept in enumerate(among)}
    if key_of(found) not in places:
        raise ForeignReportError(f"{key}: the report has a code that the system does not know; it is damaged.")
    return places[key_of(found)]


def _whole(number: float, spec: ItemSpec | TotalSpec) -> int:
    if not 0 <= number <= spec.highest or number != int(number):
        raise ForeignReportError(f"{spec.key}: the report says {number:g}; a grade is whole, 0 to {spec.highest}.")
    return int(number)


def _status(content: GroupContent, about: CodedConcept | None) -> ItemStatus:
    found = content.code(codes.ASSESSMENT_STATUS, about)
    if found is None:
        return "scored"
    known = {key_of(concept): key for key, concept in codes.STATUSES.items()}
    if key_of(found) not in known:
        raise ForeignReportError("A grade of the report has a status that this software does not know.")
    return cast(ItemStatus, known[key_of(found)])


def _interval(
    content: GroupContent, kind: ItemSpec | TotalSpec, about: CodedConcept | None
) -> tuple[float, float] | None:
    written = content.interval(about)
    return None if written is None else (value_of(written[0], unit_of(kind)), value_of(written[1], unit_of(kind)))
