"""Any report of measurements (TID 1500), whoever wrote it, as far as it goes.

Each number becomes an item whose site and kind are the code values of the finding site and of the measurement. There
are no sums: which of the numbers sum others up, no template says. What is not known is said in the notes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from pydicom.dataset import Dataset

from scoring.coded_concept import CodedConcept
from scoring.result import Box, Engine, ImageUse, ScoreItem, ScoreResult
from sr_templates import codes
from sr_templates.errors import ForeignReportError
from sr_templates.read_images import read_evidence, read_library
from sr_templates.read_tree import (
    children,
    code_of,
    concept_of,
    key_of,
    laterality_of,
    name_of,
    named,
    number_of,
    referenced_uid,
    region_of,
    texts,
)

_PLAINLY: Final = (
    "Read from a report without the spec that it was written by: sites and kinds of grade are code values, "
    "and sums, weights, preprocessing and the SHA-256 of the sources are not known."
)
_NO_TIME: Final = "The report does not say when it was made."
_NO_QUALITY: Final = "The report does not judge the quality of the images."


def foreign_result(report: Dataset, made_at: str) -> ScoreResult:
    """The numbers of the report; ``made_at``: when, as results write it, or empty."""
    groups = list(named(report, codes.IMAGING_MEASUREMENTS, codes.MEASUREMENT_GROUP))
    if not groups:
        raise ForeignReportError("The report holds no measurement group; there is nothing to read.")
    items = [item for group in groups for item in _items(group)]
    quality = next((code_of(i) for i in named(report, codes.QUALITATIVE_EVALUATIONS, codes.IMAGE_QUALITY)), None)
    software = " ".join(_header(report, k) for k in ("Manufacturer", "ManufacturerModelName", "SoftwareVersions"))
    name, version = (_algorithm(report, concept) for concept in (codes.ALGORITHM_NAME, codes.ALGORITHM_VERSION))
    return ScoreResult(
        system=name or _header(report, "ManufacturerModelName"),
        system_version=version or _header(report, "SoftwareVersions"),
        kind=_kind(report),
        preprocessing_version="",
        weights=(),
        weights_digest="",
        statement="",
        engine=Engine(" ".join(software.split()), (), ""),
        study_instance_uid=_header(report, "StudyInstanceUID"),
        images=_images(report),
        items=tuple(items),
        totals=(),
        missing_site_rule="",
        quality=quality or codes.UNKNOWN,
        scored_at=made_at,
        notes=(_PLAINLY, *(() if made_at else (_NO_TIME,)), *(() if quality else (_NO_QUALITY,))),
    )


def _items(group: Dataset) -> Iterator[ScoreItem]:
    site = next(named(group, codes.FINDING_SITE), None)
    image, region = _place(group)
    for item in children(group):
        if item.get("ValueType") == "NUM" and item.get("RelationshipType") == "CONTAINS":
            value = number_of(item)
            yield ScoreItem(
                site=code_of(site).value if site is not None else "",
                item=_name(item).value,
                status="scored" if value is not None else "not_assessable",
                side=laterality_of(site) if site is not None else None,
                value=value,
                reason=None if value is not None else _why_empty(item),
                image=image,
                region=region,
            )


def _place(group: Dataset) -> tuple[str | None, Box | None]:
    """The group's own region, else the first image that it or one of its numbers refers to."""
    parts = [*children(group), *(part for item in children(group) for part in children(item))]
    if drawn := next((item for item in parts if item.get("ValueType") == "SCOORD"), None):
        return region_of(drawn)
    illustration = key_of(codes.ILLUSTRATION)
    shown = [i for i in parts if i.get("ValueType") == "IMAGE" and name_of(i) != illustration]
    return next((uid for item in shown if (uid := referenced_uid(item))), None), None


def _name(item: Dataset) -> CodedConcept:
    names = item.get("ConceptNameCodeSequence") or ()
    return concept_of(names[0]) if names else codes.UNKNOWN


def _why_empty(item: Dataset) -> CodedConcept:
    qualifiers = item.get("NumericValueQualifierCodeSequence") or ()
    return concept_of(qualifiers[0]) if qualifiers else codes.UNKNOWN


def _images(report: Dataset) -> tuple[ImageUse, ...]:
    """The library's images, else everything that is evidence."""
    evidence, library = read_evidence(report), read_library(report)
    return tuple(
        ImageUse(
            uid, place.sop_class_uid, place.series_uid, place.study_uid, "", *library.get(uid, (0, 0)), True, "", ""
        )
        for uid, place in evidence.items()
        if not library or uid in library
    )


def _algorithm(report: Dataset, name: CodedConcept) -> str:
    for parent in named(report, codes.IMAGING_MEASUREMENTS):
        for holder in (parent, *named(parent, codes.MEASUREMENT_GROUP)):
            if found := texts(holder, name):
                return found[0]
    return ""


def _kind(report: Dataset) -> Literal["network", "form"]:
    """A person's report is as a form; that of a device as a network's, for want of a better word."""
    types = [key_of(code_of(item)) for item in named(report, codes.OBSERVER_TYPE)]
    return "network" if key_of(codes.DEVICE) in types else "form"


def _header(report: Dataset, keyword: str) -> str:
    value = report.get(keyword)
    return " ".join(str(v) for v in value) if isinstance(value, (list, tuple)) else str(value or "")
