"""The note by which archives stop showing what was withdrawn (IHE Imaging Object Change Management, RAD-66).

Its title is "Rejected for Patient Safety Reasons" (113037): of the reasons in CID 7031 it is the one for objects whose
use may harm a patient, and an archive must then no longer hand them out. "Rejected for Quality Reasons" (113001) leaves
that to a setting of the archive, and is about poor images: a wrong score looks like a good one, which is the danger.
"""

from __future__ import annotations

from pydicom.dataset import Dataset

from scoring.result import PriorObject, PriorResult
from sr_templates import codes
from sr_templates.document_forms import DocumentForm
from sr_templates.key_object import key_object_selection
from sr_templates.report_evidence import prior_instance
from sr_templates.result_series import REJECTIONS
from sr_templates.uids import object_uid
from sr_templates.writing import Writing


def rejection_notes(writing: Writing) -> list[Dataset]:
    """One note when the result withdraws another of which objects were written; else none."""
    result = writing.result
    if not result.withdraws or result.predecessor is None:
        return []
    rejected = [prior_instance(result.predecessor, one) for one in _to_be_rejected(result.predecessor, writing.form)]
    if not rejected:
        return []
    words = result.not_evaluable.explanation if result.not_evaluable else ""
    made = key_object_selection(writing, codes.REJECTED_FOR_SAFETY, words or codes.WITHDRAWN.meaning, rejected)
    made.SOPInstanceUID = object_uid(result, "rejection note", writing.form)
    REJECTIONS.take(made, result, writing.spec, number=1)
    return [made]


def _to_be_rejected(prior: PriorResult, form: DocumentForm) -> list[PriorObject]:
    """What does not depend on the form, and the rest in the form written now: else in every form, to miss none."""
    bound = [one for one in prior.objects if one.form == form]
    return [one for one in prior.objects if not one.form or not bound or one in bound]
