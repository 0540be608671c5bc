"""What every Structured Report of a result says before its content tree, whatever its form."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from scoring.result import ScoreResult
from scoring.spec import SystemSpec
from sr_templates.coding_schemes import coding_schemes
from sr_templates.document_forms import SOP_CLASS_OF_FORM, DocumentForm
from sr_templates.inherited_modules import inherited_modules
from sr_templates.measurement_groups import Illustrations
from sr_templates.production_modules import add_production_modules
from sr_templates.qualitative_evaluations import FORCED
from sr_templates.report_evidence import add_evidence
from sr_templates.result_check import is_complete
from sr_templates.result_series import REPORTS
from sr_templates.uids import object_uid


def report_with_tree(
    result: ScoreResult, spec: SystemSpec, home: Dataset, pictures: Illustrations, form: DocumentForm, root: Dataset
) -> Dataset:
    """The whole report: patient, study, series, equipment, SR Document General, then the tree below ``root``."""
    report = inherited_modules(home, result.study_instance_uid)
    report.SOPClassUID = SOP_CLASS_OF_FORM[form]
    report.SOPInstanceUID = object_uid(result, "report", form)
    REPORTS.take(report, result, spec, number=1)
    report.ReferencedPerformedProcedureStepSequence = DicomSequence()
    add_production_modules(report, result, home)
    _add_document_general(report, result, spec)
    add_evidence(report, result, pictures, form)
    for element in root:
        report.add(element)
    return report


def _add_document_general(report: Dataset, result: ScoreResult, spec: SystemSpec) -> None:
    """SR Document General (PS3.3 C.17.2): flags and coding schemes."""
    gap = FORCED if result.forced else "" if is_complete(result, spec) else "Some planned sites have no answer."
    report.CompletionFlag = "PARTIAL" if gap else "COMPLETE"
    if gap:
        report.CompletionFlagDescription = gap
    report.VerificationFlag = "UNVERIFIED"
    report.PreliminaryFlag = "PRELIMINARY"
    report.PerformedProcedureCodeSequence = DicomSequence()
    report.CodingSchemeIdentificationSequence = coding_schemes(result, spec)
