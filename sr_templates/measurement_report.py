"""The report: TID 1500 from a ScoreResult, its spec and the headers of its source images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from scoring.result import ImageUse, ScoreResult
from scoring.spec import SystemSpec
from sr_templates import codes
from sr_templates.content_items import code, container, reference
from sr_templates.document_forms import SECONDARY_CAPTURE, SOP_CLASS_OF_FORM, DocumentForm
from sr_templates.image_library import image_library
from sr_templates.inherited_modules import inherited_modules
from sr_templates.measurement_groups import Illustrations, site_groups, summary_groups
from sr_templates.observer_context import algorithm_identification, device_observer
from sr_templates.production_modules import add_production_modules
from sr_templates.qualitative_evaluations import FORCED, qualitative_evaluations
from sr_templates.result_check import is_complete
from sr_templates.uids import object_uid, series_uid

REPORT_SERIES: Final = 9001
"""Series numbers far above the scanner's, so that hanging protocols put results last."""


def measurement_report(
    result: ScoreResult,
    spec: SystemSpec,
    headers: Mapping[str, Dataset],
    home: Dataset,
    pictures: Illustrations,
    form: DocumentForm,
) -> Dataset:
    """The whole report as a dataset; ``home`` is the header whose patient and study it joins."""
    report = inherited_modules(home, result.study_instance_uid)
    report.SOPClassUID = SOP_CLASS_OF_FORM[form]
    report.SOPInstanceUID = object_uid(result, "report", form)
    report.Modality = "SR"
    report.SeriesInstanceUID = series_uid(result, "report")
    report.SeriesNumber = REPORT_SERIES
    report.SeriesDescription = f"{spec.instrument} report (research only)"[:64]
    report.ReferencedPerformedProcedureStepSequence = DicomSequence()
    report.InstanceNumber = 1
    add_production_modules(report, result, home)
    _add_document_general(report, result, spec, pictures)
    root = _content_tree(result, spec, headers, home, pictures)
    for element in root:
        report.add(element)
    return report


def _content_tree(
    result: ScoreResult, spec: SystemSpec, headers: Mapping[str, Dataset], home: Dataset, pictures: Illustrations
) -> Dataset:
    groups = [*summary_groups(result, spec, home, pictures), *site_groups(result, spec, home, pictures)]
    return container(
        codes.IMAGING_MEASUREMENT_REPORT,
        [
            code(codes.LANGUAGE, codes.ENGLISH, "HAS CONCEPT MOD"),
            *device_observer(result),
            code(codes.PROCEDURE_REPORTED, codes.IMAGING_PROCEDURE, "HAS CONCEPT MOD"),
            image_library(result, spec, headers),
            container(codes.IMAGING_MEASUREMENTS, [*algorithm_identification(result, spec), *groups]),
            qualitative_evaluations(result),
        ],
        relation=None,
        template="1500",
    )


def _add_document_general(report: Dataset, result: ScoreResult, spec: SystemSpec, pictures: Illustrations) -> None:
    """SR Document General (PS3.3 C.17.2): flags, evidence, coding schemes."""
    gap = FORCED if result.forced else "" if is_complete(result, spec) else "Some planned sites have no answer."
    report.CompletionFlag = "PARTIAL" if gap else "COMPLETE"
    if gap:
        report.CompletionFlagDescription = gap
    report.VerificationFlag = "UNVERIFIED"
    report.PreliminaryFlag = "PRELIMINARY"
    report.PerformedProcedureCodeSequence = DicomSequence()
    _add_evidence(report, result, pictures)
    report.CodingSchemeIdentificationSequence = DicomSequence([_scheme(s) for s in _schemes(result, spec)])


def _add_evidence(report: Dataset, result: ScoreResult, pictures: Illustrations) -> None:
    """Every instance that the tree names: those of the report's study, and apart from them those of others."""
    studies: dict[str, dict[str, list[Dataset]]] = {result.study_instance_uid: {}}
    for use in result.images:
        series = studies.setdefault(use.study_instance_uid, {})
        series.setdefault(use.series_instance_uid, []).append(_instance(use))
    made = [*pictures.heatmaps.values(), *((pictures.report_page,) if pictures.report_page else ())]
    if made:
        own = [reference(SECONDARY_CAPTURE, uid) for uid in made]
        studies[result.study_instance_uid][series_uid(result, "pictures")] = own
    current, *others = (_study(uid, series) for uid, series in studies.items())
    report.CurrentRequestedProcedureEvidenceSequence = DicomSequence([current])
    if others:
        report.PertinentOtherEvidenceSequence = DicomSequence(others)


def _study(uid: str, series: Mapping[str, Iterable[Dataset]]) -> Dataset:
    study = Dataset()
    study.StudyInstanceUID = uid
    study.ReferencedSeriesSequence = DicomSequence([_series(uid, items) for uid, items in series.items()])
    return study


def _instance(use: ImageUse) -> Dataset:
    return reference(use.sop_class_uid, use.sop_instance_uid)


def _series(uid: str, instances: Iterable[Dataset]) -> Dataset:
    item = Dataset()
    item.SeriesInstanceUID = uid
    item.ReferencedSOPSequence = DicomSequence(instances)
    return item


def _schemes(result: ScoreResult, spec: SystemSpec) -> list[str]:
    declared = [c.scheme for c in (spec.finding, spec.summary_finding, spec.region, result.quality)]
    declared += [s.concept.scheme for s in spec.sites] + [c.scheme for c in spec.reasons.values()]
    declared += [c.scheme for item in spec.items for c in (item.concept, item.expected_concept)]
    declared += [c.scheme for total in spec.totals for c in (total.concept, total.expected_concept)]
    return sorted(set(declared) | {c.scheme for c in codes.WHERE_DEFINED})


def _scheme(designator: str) -> Dataset:
    known = codes.CODING_SCHEMES.get(designator, codes.CodingScheme(designator, designator))
    item = Dataset()
    item.CodingSchemeDesignator = known.designator
    if known.uid:
        item.CodingSchemeRegistry = "HL7"
        item.CodingSchemeUID = known.uid
    item.CodingSchemeName = known.name
    if known.version:
        item.CodingSchemeVersion = known.version
    if known.organisation:
        item.CodingSchemeResponsibleOrganization = known.organisation
    return item
