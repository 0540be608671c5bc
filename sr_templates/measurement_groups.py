"""Measurement groups (TID 1410): one for each site of each side or each picture of it, and one for each set of sums."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pydicom.dataset import Dataset

from scoring.coded_concept import CodedConcept
from scoring.result import ScoreResult, Side
from scoring.spec import SystemSpec
from sr_templates import codes
from sr_templates.content_items import code, container, image, region, text, uidref
from sr_templates.document_forms import SECONDARY_CAPTURE
from sr_templates.group_content import site_content, sums_content
from sr_templates.group_places import items_by_place, totals_by_place
from sr_templates.header_text import decode_text
from sr_templates.regions import Region, site_region, summary_region
from sr_templates.uids import tracking_uid

_VISIT: Final = ("ClinicalTrialTimePointID", "ClinicalTrialTimePointDescription")


@dataclass(frozen=True, slots=True)
class Illustrations:
    """SOP Instance UIDs of the pictures that the report links: heatmaps by source image, and the pages.

    ``montage``: the page of all photographs, of a system that numbers pictures. The summary of the patient links it,
    since a group has one illustration (TID 1501); sums of a finger link the report page.
    """

    heatmaps: Mapping[str, str]
    report_page: str | None
    montage: str | None = None

    @property
    def instances(self) -> tuple[str, ...]:
        """All of them, in sending order."""
        pages = tuple(page for page in (self.montage, self.report_page) if page is not None)
        return (*self.heatmaps.values(), *pages)


def site_groups(result: ScoreResult, spec: SystemSpec, header: Dataset, pictures: Illustrations) -> list[Dataset]:
    """One group for each site of each side that the result speaks of, or each picture of it, in the spec's order."""
    groups = []
    for (side, key, picture), items in items_by_place(result.items, spec).items():
        site, where = spec.site(key), site_region(result, side, items)
        groups.append(
            _group(
                context=_context(spec, header, side, site_word(key, picture)),
                finding=spec.finding,
                site=(site.concept, codes.LATERALITIES[side] if side else None),
                where=where,
                illustration=pictures.heatmaps.get(where.image.sop_instance_uid),
                content=site_content(spec, site, items),
            )
        )
    return groups


def summary_groups(result: ScoreResult, spec: SystemSpec, header: Dataset, pictures: Illustrations) -> list[Dataset]:
    """Everything together, then each side, then each site that has sums: what they are, or why there is none."""
    groups = []
    for (side, site), totals in totals_by_place(result.totals, spec).items():
        content = sums_content(totals)
        if (side, site) == (None, None) and result.not_evaluable is not None:
            content.insert(0, code(codes.NOT_EVALUABLE, result.not_evaluable.reason))
        if content:
            groups.append(
                _group(
                    context=_context(spec, header, side, sums_word(spec, site)),
                    finding=spec.summary_finding,
                    site=_sums_site(result, spec, side, site),
                    where=_sums_region(result, side, site),
                    illustration=(None if (side, site) != (None, None) else pictures.montage) or pictures.report_page,
                    content=content,
                )
            )
    return groups


def tracking_identifier(spec: SystemSpec, side: Side | None, word: str) -> str:
    """What a group is called at every visit: ``SVDH R MCP2``; ``word``: see ``site_word`` and ``sums_word``."""
    both = len(spec.sides) > 1 and (not spec.per_picture or word == sums_word(spec, None))
    return " ".join(part for part in (spec.instrument, side or ("both" if both else ""), word) if part)


def site_word(site: str, picture: int | None) -> str:
    """The site, or one of its pictures: ``MCP2``, ``RING 1``."""
    return site if picture is None else f"{site} {picture}"


def sums_word(spec: SystemSpec, site: str | None) -> str:
    """Stands for the site in the name of a group of sums: ``sum``, ``summary``, ``RING summary``."""
    word = "summary" if spec.per_picture else "sum"
    return word if site is None else f"{site} {word}"


def _sums_site(
    result: ScoreResult, spec: SystemSpec, side: Side | None, site: str | None
) -> tuple[CodedConcept, CodedConcept | None]:
    if site is None:
        return spec.region, _laterality(result, spec, side)
    return spec.site(site).concept, codes.LATERALITIES[side] if side else None


def _sums_region(result: ScoreResult, side: Side | None, site: str | None) -> Region:
    if site is None:
        return summary_region(result, side)
    return site_region(result, side, [item for item in result.items if (item.side, item.site) == (side, site)])


def _laterality(result: ScoreResult, spec: SystemSpec, side: Side | None) -> CodedConcept | None:
    """Of a sum: its side, or bilateral where there are two; none where nothing was found or nothing has sides."""
    if side is None and (len(spec.sides) < 2 or result.not_evaluable is not None):
        return None
    return codes.LATERALITIES[side]


def _context(spec: SystemSpec, header: Dataset, side: Side | None, word: str) -> list[Dataset]:
    """Which site it is at every visit, and which visit this is."""
    return [
        text(codes.TRACKING_IDENTIFIER, tracking_identifier(spec, side, word), "HAS OBS CONTEXT"),
        uidref(codes.TRACKING_UID, tracking_uid(header, spec.instrument, side, word), "HAS OBS CONTEXT"),
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
