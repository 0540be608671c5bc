"""Measurement groups (TID 1410): one for each site of each side, and one for each set of sums.

A grade that is missing is a coded reason, never a number without a value: readers fail on those. Where a group has
several grades or sums, a modifier (PERTAINS-TO) says which one a certainty, an interval, a count or a reason is about.
Grades stand before everything said of them, the widest sum before its parts: OHIF prints five numbers of a group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydicom.dataset import Dataset

from scoring.coded_concept import CodedConcept
from scoring.result import ScoreItem, ScoreResult, ScoreTotal, Side
from scoring.spec import SiteSpec, SystemSpec, TotalSpec
from sr_templates import codes
from sr_templates.content_items import code, container, image, number, region, text, uidref
from sr_templates.document_forms import SECONDARY_CAPTURE
from sr_templates.header_text import decode_text
from sr_templates.regions import Region, site_region, summary_region
from sr_templates.uids import tracking_uid

SUMS: Final = "sum"
"""Stands for the site in the name of a group of sums."""

_VISIT: Final = ("ClinicalTrialTimePointID", "ClinicalTrialTimePointDescription")


@dataclass(frozen=True, slots=True)
class Illustrations:
    """SOP Instance UIDs of the pictures that the report links: heatmaps by source image, and the report page."""

    heatmaps: Mapping[str, str]
    report_page: str | None


def site_groups(result: ScoreResult, spec: SystemSpec, header: Dataset, pictures: Illustrations) -> list[Dataset]:
    """One group for each site of each side that the result speaks of, in the order of the spec."""
    by_site: dict[tuple[Side | None, str], list[ScoreItem]] = {}
    for item in result.items:
        by_site.setdefault((item.side, item.site), []).append(item)
    groups = []
    for side in (*spec.sides, None):
        for site in spec.sites:
            if items := by_site.get((side, site.key)):
                where = site_region(result, side, items)
                groups.append(
                    _group(
                        context=_context(spec, header, side, site.key),
                        finding=spec.finding,
                        site=(site.concept, codes.LATERALITIES[side] if side else None),
                        where=where,
                        illustration=pictures.heatmaps.get(where.image.sop_instance_uid),
                        content=_site_content(spec, site, items),
                    )
                )
    return groups


def summary_groups(result: ScoreResult, spec: SystemSpec, header: Dataset, pictures: Illustrations) -> list[Dataset]:
    """Both sides together, then each side: sums, what they rest on, or why there is none."""
    totals = {t.key: t for t in result.totals}
    groups = []
    for side in (None, *spec.sides):
        here = [t for t in spec.totals if t.side == side and t.key in totals]
        widest_first = sorted(here, key=lambda t: t.item is not None)
        content = [part for t in widest_first for part in _sum_content(t, totals[t.key])]
        content += [part for t in here for part in _total_content(t, totals[t.key])]
        if side is None and result.not_evaluable is not None:
            content.insert(0, code(codes.NOT_EVALUABLE, result.not_evaluable.reason))
        if content:
            groups.append(
                _group(
                    context=_context(spec, header, side, SUMS),
                    finding=spec.summary_finding,
                    site=(spec.region, _laterality(result, spec, side)),
                    where=summary_region(result, side),
                    illustration=pictures.report_page,
                    content=content,
                )
            )
    return groups


def tracking_identifier(spec: SystemSpec, side: Side | None, site: str) -> str:
    """What the group of a site is called at every visit: ``SVDH R MCP2``; ``site`` may be ``SUMS``."""
    part = side or ("both" if len(spec.sides) > 1 else "")
    return " ".join(word for word in (spec.instrument, part, site) if word)


def _laterality(result: ScoreResult, spec: SystemSpec, side: Side | None) -> CodedConcept | None:
    """Of a sum: its side, or bilateral where there are two; none where nothing was found or nothing has sides."""
    if side is None and (len(spec.sides) < 2 or result.not_evaluable is not None):
        return None
    return codes.LATERALITIES[side]


def _context(spec: SystemSpec, header: Dataset, side: Side | None, site: str) -> list[Dataset]:
    """Which site it is at every visit, and which visit this is."""
    return [
        text(codes.TRACKING_IDENTIFIER, tracking_identifier(spec, side, site), "HAS OBS CONTEXT"),
        uidref(codes.TRACKING_UID, tracking_uid(header, spec.instrument, side, site), "HAS OBS CONTEXT"),
        *_time_point(header),
    ]


def _time_point(header: Dataset) -> list[Dataset]:
    """TID 1502 in words alone, when the header names the visit: viewers show a Time Point Order as a measurement."""
    decode_text(header, _VISIT)
    identifier, description = (str(header.get(keyword) or "").strip() for keyword in _VISIT)
    if not identifier and not description:
        return []
    items = [text(codes.TIME_POINT, description or identifier, "HAS OBS CONTEXT")]
    if identifier and description:
        items.append(text(codes.PROTOCOL_TIME_POINT, identifier, "HAS OBS CONTEXT"))
    return items


def _group(
    context: Iterable[Dataset],
    finding: CodedConcept,
    site: tuple[CodedConcept, CodedConcept | None],
    where: Region,
    illustration: str | None,
    content: Iterable[Dataset],
) -> Dataset:
    source = image(None, where.image.sop_class_uid, where.image.sop_instance_uid, "SELECTED FROM")
    laterality = [code(codes.LATERALITY, site[1], "HAS CONCEPT MOD")] if site[1] else []
    children = [
        *context,
        code(codes.FINDING, finding),
        code(codes.FINDING_SITE, site[0], "HAS CONCEPT MOD", laterality),
        region(codes.IMAGE_REGION, where.box, (where.image.columns, where.image.rows), source),
    ]
    if illustration is not None:
        children.append(image(codes.ILLUSTRATION, SECONDARY_CAPTURE, illustration))
    return container(codes.MEASUREMENT_GROUP, [*children, *content], template="1410")


def _site_content(spec: SystemSpec, site: SiteSpec, items: Sequence[ScoreItem]) -> list[Dataset]:
    alone = len(site.items) == 1
    grades: list[Dataset] = []
    content: list[Dataset] = []
    for item in sorted(items, key=lambda i: site.items.index(i.item)):
        item_spec = spec.item(item.item)
        about = _pertaining(item_spec.concept, needed=not alone)
        if item.grade is not None:
            grades.append(number(item_spec.concept, item.grade, codes.SCORE))
        if item.value is not None:
            content.append(number(item_spec.value_concept, float(item.value), codes.SCORE))
        if item.certainty is not None:
            content.append(number(codes.CERTAINTY, float(100 * item.certainty), codes.PERCENT, children=about()))
        content += _interval(item.interval, about)
        if item.reason is not None:
            content.append(code(codes.NOT_SCORED, item.reason, children=about()))
        if item.status != "scored":
            content.append(code(codes.ASSESSMENT_STATUS, codes.STATUSES[item.status], children=about()))
    return [*grades, *content]


def _sum_content(spec: TotalSpec, total: ScoreTotal) -> list[Dataset]:
    if total.grade is None:
        return []
    return [number(spec.concept, total.grade, codes.SCORE, children=_as_sum(spec))]


def _total_content(spec: TotalSpec, total: ScoreTotal) -> list[Dataset]:
    """What is said of a sum."""
    about = _pertaining(spec.concept, needed=True)
    content: list[Dataset] = []
    if total.value is not None:
        content.append(number(spec.value_concept, float(total.value), codes.SCORE, children=_as_sum(spec)))
    content += _interval(total.interval, about)
    if total.reason is not None:
        content.append(code(codes.NOT_COMPUTABLE, total.reason, children=about()))
    content.append(number(codes.SITES_ASSESSED, total.assessed, codes.COUNT, children=about()))
    content.append(number(codes.SITES_PLANNED, total.planned, codes.COUNT, children=about()))
    return content


def _interval(interval: tuple[float, float] | None, about: Callable[[], list[Dataset]]) -> list[Dataset]:
    if interval is None:
        return []
    names = (codes.INTERVAL_LOWER, codes.INTERVAL_UPPER)
    return [number(name, float(end), codes.SCORE, children=about()) for name, end in zip(names, interval, strict=True)]


def _pertaining(concept: CodedConcept, needed: bool) -> Callable[[], list[Dataset]]:
    """Makes the modifier afresh each time: a dataset must not be an item of two sequences."""
    return lambda: [code(codes.PERTAINS_TO, concept, "HAS CONCEPT MOD")] if needed else []


def _as_sum(spec: TotalSpec) -> list[Dataset]:
    """Says that the number is a sum; a class is none."""
    return [] if spec.cut_offs else [code(codes.DERIVATION, codes.TOTAL, "HAS CONCEPT MOD")]
