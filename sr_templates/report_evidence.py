"""Which instances a report rests on (PS3.3 C.17.2): its evidence, and the reports that it replaces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from scoring.result import PriorObject, PriorResult, ScoreResult
from sr_templates.content_items import reference
from sr_templates.document_forms import SECONDARY_CAPTURE, DocumentForm
from sr_templates.measurement_groups import Illustrations
from sr_templates.prior_results import baseline_report, reports_of
from sr_templates.result_series import PICTURES


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance with the study and series that hold it."""

    study_uid: str
    series_uid: str
    sop_class_uid: str
    sop_instance_uid: str


def add_evidence(report: Dataset, result: ScoreResult, pictures: Illustrations, form: DocumentForm) -> None:
    """Every instance that the tree names: those of the report's study, and apart from them those of others.

    Also the Predecessor Documents, when the result replaces one of which reports were written.
    """
    found = [
        Instance(i.study_instance_uid, i.series_instance_uid, i.sop_class_uid, i.sop_instance_uid)
        for i in result.images
    ]
    own_series = PICTURES.uid(result)
    found += [Instance(result.study_instance_uid, own_series, SECONDARY_CAPTURE, uid) for uid in pictures.instances]
    earlier = baseline_report(result, form)
    if earlier is not None and result.baseline is not None:
        found.append(prior_instance(result.baseline, earlier))
    studies = evidence_studies(found)
    current = [s for s in studies if s.StudyInstanceUID == result.study_instance_uid]
    others = [s for s in studies if s.StudyInstanceUID != result.study_instance_uid]
    replaced = (
        [prior_instance(result.predecessor, one) for one in reports_of(result.predecessor, form)]
        if (result.predecessor)
        else []
    )
    for keyword, items in (
        ("PredecessorDocumentsSequence", evidence_studies(replaced)),
        ("CurrentRequestedProcedureEvidenceSequence", current),
        ("PertinentOtherEvidenceSequence", others),
    ):
        if items:
            setattr(report, keyword, DicomSequence(items))


def prior_instance(prior: PriorResult, one: PriorObject) -> Instance:
    """Where an object of an earlier result is."""
    return Instance(prior.study_instance_uid, one.series_instance_uid, one.sop_class_uid, one.sop_instance_uid)


def evidence_studies(instances: Iterable[Instance]) -> list[Dataset]:
    """The instances as items of studies, series and instances, each once, in the order of their first mention."""
    studies: dict[str, dict[str, dict[str, Dataset]]] = {}
    for one in instances:
        series = studies.setdefault(one.study_uid, {}).setdefault(one.series_uid, {})
        series.setdefault(one.sop_instance_uid, reference(one.sop_class_uid, one.sop_instance_uid))
    return [_study(uid, series) for uid, series in studies.items()]


def _study(uid: str, series: dict[str, dict[str, Dataset]]) -> Dataset:
    study = Dataset()
    study.StudyInstanceUID = uid
    study.ReferencedSeriesSequence = DicomSequence([_series(uid, items.values()) for uid, items in series.items()])
    return study


def _series(uid: str, instances: Iterable[Dataset]) -> Dataset:
    item = Dataset()
    item.SeriesInstanceUID = uid
    item.ReferencedSOPSequence = DicomSequence(instances)
    return item
