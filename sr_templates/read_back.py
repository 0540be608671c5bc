"""A report of ours back to grades and sums, through the spec that it was written by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from pydicom.dataset import Dataset

from scoring.coded_concept import CodedConcept
from scoring.result import Box, ItemStatus, ScoreItem, ScoreTotal, Side
from scoring.spec import ItemSpec, SiteSpec, SystemSpec, TotalSpec
from sr_templates import codes
from sr_templates.errors import ForeignReportError

_Key = tuple[str, str]
"""Code value and scheme: the meaning may be told otherwise."""


@dataclass(frozen=True, slots=True)
class ReadScores:
    """What a report says. Probabilities of single grades are not in a report; regions are as it rounds them."""

    items: tuple[ScoreItem, ...]
    totals: tuple[ScoreTotal, ...]
    quality: CodedConcept | None
    not_evaluable: CodedConcept | None


def read_back(report: Dataset, spec: SystemSpec) -> ReadScores:
    """Read every measurement group that the spec knows; ForeignReportError when the document is not a TID 1500."""
    if _name(report) != _key(codes.IMAGING_MEASUREMENT_REPORT):
        raise ForeignReportError("The document is not an Imaging Measurement Report (126000, DCM); nothing was read.")
    items: list[ScoreItem] = []
    totals: list[ScoreTotal] = []
    reason = None
    sites = {_key(site.concept): site for site in spec.sites}
    for group in _named(report, codes.IMAGING_MEASUREMENTS, codes.MEASUREMENT_GROUP):
        site_item = _only(group, codes.FINDING_SITE)
        side = _side(site_item)
        where = _code(site_item)
        if _key(where) in sites:
            items += _read_items(group, sites[_key(where)], side, spec)
        elif _key(where) == _key(spec.region):
            totals += _read_totals(group, side, spec)
            reason = reason or _first_code(group, codes.NOT_EVALUABLE)
    evaluations = list(_named(report, codes.QUALITATIVE_EVALUATIONS))
    quality = _first_code(evaluations[0], codes.IMAGE_QUALITY) if evaluations else None
    return ReadScores(tuple(items), tuple(totals), quality, reason)


def _read_items(group: Dataset, site: SiteSpec, side: Side | None, spec: SystemSpec) -> list[ScoreItem]:
    image, box = _region(group)
    read = []
    for key in site.items:
        item = spec.item(key)
        about = item.concept if len(site.items) > 1 else None
        status = _status(group, about)
        grade, value = _number(group, item.concept), _number(group, item.expected_concept)
        if status == "scored" and grade is None and value is None:
            continue
        certainty = _number(group, codes.CERTAINTY, about)
        read.append(
            ScoreItem(
                site=site.key,
                item=key,
                status=status,
                side=side,
                value=value,
                grade=None if grade is None else _whole(grade, item),
                certainty=None if certainty is None else round(certainty / 100, 12),
                interval=_interval(group, about),
                reason=_first_code(group, codes.NOT_SCORED, about),
                image=None if status == "not_imaged" else image,
                region=None if status == "not_imaged" else box,
            )
        )
    return read


def _read_totals(group: Dataset, side: Side | None, spec: SystemSpec) -> list[ScoreTotal]:
    return [_read_total(group, t) for t in spec.totals if t.side == side and _count(group, t) is not None]


def _read_total(group: Dataset, total: TotalSpec) -> ScoreTotal:
    grade = _number(group, total.concept)
    return ScoreTotal(
        key=total.key,
        side=total.side,
        value=_number(group, total.expected_concept),
        grade=None if grade is None else _whole(grade, total),
        assessed=_count(group, total) or 0,
        planned=int(_number(group, codes.SITES_PLANNED, total.concept) or 0),
        highest=float(total.highest),
        reason=_first_code(group, codes.NOT_COMPUTABLE, total.concept),
        interval=_interval(group, total.concept),
    )


def _whole(number: float, spec: ItemSpec | TotalSpec) -> int:
    if number != int(number) or not 0 <= number <= spec.highest:
        raise ForeignReportError(f"{spec.key}: the report says {number:g}; a grade is whole, 0 to {spec.highest}.")
    return int(number)


def _status(group: Dataset, about: CodedConcept | None) -> ItemStatus:
    found = _first_code(group, codes.ASSESSMENT_STATUS, about)
    known = {_key(concept): key for key, concept in codes.STATUSES.items()}
    return cast(ItemStatus, known.get(_key(found), "not_assessable")) if found else "scored"


def _count(group: Dataset, total: TotalSpec) -> int | None:
    number = _number(group, codes.SITES_ASSESSED, total.concept)
    return None if number is None else int(number)


def _interval(group: Dataset, about: CodedConcept | None) -> tuple[float, float] | None:
    lower, upper = (_number(group, name, about) for name in (codes.INTERVAL_LOWER, codes.INTERVAL_UPPER))
    return None if lower is None or upper is None else (lower, upper)


def _number(group: Dataset, name: CodedConcept, about: CodedConcept | None = None) -> float | None:
    for item in _about(group, name, about):
        measured = item.get("MeasuredValueSequence") or ()
        if measured:
            exact = measured[0].get("FloatingPointValue")
            return float(measured[0].NumericValue if exact is None else exact)
    return None


def _first_code(group: Dataset, name: CodedConcept, about: CodedConcept | None = None) -> CodedConcept | None:
    return next((_code(item) for item in _about(group, name, about)), None)


def _about(group: Dataset, name: CodedConcept, about: CodedConcept | None) -> Iterable[Dataset]:
    """Children of this name; with ``about``, those that pertain to that concept."""
    for item in group.get("ContentSequence") or ():
        if _name(item) == _key(name):
            modifiers = [
                _key(_code(m)) for m in item.get("ContentSequence") or () if _name(m) == _key(codes.PERTAINS_TO)
            ]
            if about is None or _key(about) in modifiers:
                yield item


def _named(parent: Dataset, *path: CodedConcept) -> Iterable[Dataset]:
    for item in parent.get("ContentSequence") or ():
        if _name(item) == _key(path[0]):
            if len(path) == 1:
                yield item
            else:
                yield from _named(item, *path[1:])


def _only(group: Dataset, name: CodedConcept) -> Dataset:
    found = list(_named(group, name))
    if len(found) != 1:
        raise ForeignReportError(f"A measurement group has {len(found)} items {name.meaning!r}; wanted one.")
    return found[0]


def _region(group: Dataset) -> tuple[str, Box]:
    item = _only(group, codes.IMAGE_REGION)
    try:
        image = str(item.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID)
        across, down = [float(v) for v in item.GraphicData[0::2]], [float(v) for v in item.GraphicData[1::2]]
    except (AttributeError, IndexError, TypeError, ValueError):
        raise ForeignReportError("A region of the report has no image or no points.") from None
    return image, (min(across) - 0.5, min(down) - 0.5, max(across) - 0.5, max(down) - 0.5)


def _side(site: Dataset) -> Side | None:
    for item in _named(site, codes.LATERALITY):
        for side, concept in codes.LATERALITIES.items():
            if _key(concept) == _key(_code(item)):
                return cast("Side | None", side)
    return None


def _code(item: Dataset) -> CodedConcept:
    values = item.get("ConceptCodeSequence") or ()
    if not values:
        raise ForeignReportError("A CODE item of the report has no code.")
    value = values[0]
    return CodedConcept(
        str(value.get("CodeValue", "")), str(value.get("CodingSchemeDesignator", "")), str(value.get("CodeMeaning", ""))
    )


def _name(item: Dataset) -> _Key:
    names = item.get("ConceptNameCodeSequence") or ()
    return (str(names[0].get("CodeValue")), str(names[0].get("CodingSchemeDesignator"))) if names else ("", "")


def _key(concept: CodedConcept) -> _Key:
    return concept.value, concept.scheme
