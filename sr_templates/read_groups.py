"""The measurement groups of a report of ours back to grades and sums."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from pydicom.dataset import Dataset

from scoring.coded_concept import CodedConcept
from scoring.result import ItemStatus, ScoreItem, ScoreTotal, Side
from scoring.spec import ItemSpec, SiteSpec, SystemSpec, TotalSpec
from sr_templates import codes
from sr_templates.errors import ForeignReportError
from sr_templates.exact_text import fields_of, needed
from sr_templates.grade_lines import certainty_of, completed, usual_origin, usual_place
from sr_templates.measurement_groups import SUMS, tracking_identifier
from sr_templates.read_tree import children, code_of, key_of, laterality_of, name_of, named, number_of, only, region_of


def read_items(groups: Iterable[Dataset], spec: SystemSpec) -> list[ScoreItem]:
    """Every grade and gap, as far as the groups say."""
    known = {
        tracking_identifier(spec, side, site.key): (side, site) for side in (*spec.sides, None) for site in spec.sites
    }
    return [
        item for group in groups if (found := known.get(_tracked(group))) for item in _read_items(group, *found, spec)
    ]


def read_totals(groups: Iterable[Dataset], spec: SystemSpec) -> list[ScoreTotal]:
    """Every sum."""
    sides: dict[str, Side | None] = {tracking_identifier(spec, side, SUMS): side for side in (*spec.sides, None)}
    return [
        _read_total(group, total)
        for group in groups
        if _tracked(group) in sides
        for total in spec.totals
        if total.side == sides[_tracked(group)] and _number(group, codes.SITES_ASSESSED, total.concept) is not None
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


def _read_items(group: Dataset, side: Side | None, site: SiteSpec, spec: SystemSpec) -> Iterator[ScoreItem]:
    name = f"Group {_tracked(group)!r}"
    where = only(group, codes.FINDING_SITE, name)
    if key_of(code_of(where)) != key_of(site.concept) or laterality_of(where) != side:
        raise ForeignReportError(f"{name} of the report is named after one site and coded as another; it is damaged.")
    drawn = region_of(only(group, codes.IMAGE_REGION, name))
    for key in site.items:
        kind = spec.item(key)
        about = kind.concept if len(site.items) > 1 else None
        status = _status(group, about)
        grade, value = _number(group, kind.concept), _number(group, kind.value_concept)
        if status == "scored" and grade is None and value is None:
            continue
        certainty = _number(group, codes.CERTAINTY, about)
        image, region = usual_place(status, drawn)
        yield ScoreItem(
            site=site.key,
            item=key,
            status=status,
            side=side,
            value=value,
            grade=None if grade is None else _whole(grade, kind),
            certainty=None if certainty is None else certainty_of(certainty),
            interval=_interval(group, about),
            reason=_first_code(group, codes.NOT_SCORED, about),
            image=image,
            region=region,
            origin=usual_origin(status),
        )


def _read_total(group: Dataset, total: TotalSpec) -> ScoreTotal:
    grade = _number(group, total.concept)
    return ScoreTotal(
        key=total.key,
        side=total.side,
        value=_number(group, total.value_concept),
        grade=None if grade is None else _whole(grade, total),
        assessed=int(_number(group, codes.SITES_ASSESSED, total.concept) or 0),
        planned=int(_number(group, codes.SITES_PLANNED, total.concept) or 0),
        highest=float(total.highest),
        reason=_first_code(group, codes.NOT_COMPUTABLE, total.concept),
        interval=_interval(group, total.concept),
    )


def _tracked(group: Dataset) -> str:
    return next((str(item.get("TextValue") or "") for item in named(group, codes.TRACKING_IDENTIFIER)), "")


def _whole(number: float, spec: ItemSpec | TotalSpec) -> int:
    if not 0 <= number <= spec.highest or number != int(number):
        raise ForeignReportError(f"{spec.key}: the report says {number:g}; a grade is whole, 0 to {spec.highest}.")
    return int(number)


def _status(group: Dataset, about: CodedConcept | None) -> ItemStatus:
    found = _first_code(group, codes.ASSESSMENT_STATUS, about)
    if found is None:
        return "scored"
    known = {key_of(concept): key for key, concept in codes.STATUSES.items()}
    if key_of(found) not in known:
        raise ForeignReportError("A grade of the report has a status that this software does not know.")
    return cast(ItemStatus, known[key_of(found)])


def _interval(group: Dataset, about: CodedConcept | None) -> tuple[float, float] | None:
    lower, upper = (_number(group, name, about) for name in (codes.INTERVAL_LOWER, codes.INTERVAL_UPPER))
    return None if lower is None or upper is None else (lower, upper)


def _number(group: Dataset, name: CodedConcept, about: CodedConcept | None = None) -> float | None:
    return next((n for item in _about(group, name, about) if (n := number_of(item)) is not None), None)


def _first_code(group: Dataset, name: CodedConcept, about: CodedConcept | None = None) -> CodedConcept | None:
    return next((code_of(item) for item in _about(group, name, about)), None)


def _about(group: Dataset, name: CodedConcept, about: CodedConcept | None) -> Iterator[Dataset]:
    """Children of this name; with ``about``, those that pertain to that concept."""
    for item in named(group, name):
        modifiers = [key_of(code_of(m)) for m in children(item) if name_of(m) == key_of(codes.PERTAINS_TO)]
        if about is None or key_of(about) in modifiers:
            yield item
