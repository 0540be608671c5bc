"""Earlier results in a report: the predecessor that it replaces, the baseline visit that it is compared with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from scoring.coded_concept import CodedConcept
from scoring.result import PriorObject, PriorResult, ScoreResult
from sr_templates import codes
from sr_templates.document_forms import DocumentForm
from sr_templates.exact_text import fields_of, line_of, meant, needed, shown

DIGEST_OF: Final = {"predecessor": codes.PREDECESSOR, "baseline": codes.BASELINE_RESULT}
"""Under which concept the digest of each earlier result is told."""


def reports_of(prior: PriorResult | None, form: DocumentForm) -> list[PriorObject]:
    """Its reports as a later one in ``form`` refers to them: the one of the same form, else all."""
    reports = [o for o in prior.objects if o.role == "report"] if prior else []
    return [o for o in reports if o.form == form] or reports


def baseline_report(result: ScoreResult, form: DocumentForm) -> PriorObject | None:
    """The one report of the baseline visit that the tree refers to; None when it was never written."""
    return next(iter(reports_of(result.baseline, form)), None)


def prior_lines(result: ScoreResult) -> list[tuple[CodedConcept, str]]:
    """Digest, study and time of each earlier result, and every object that was written from it."""
    lines = []
    for which, prior in (("predecessor", result.predecessor), ("baseline", result.baseline)):
        if prior is not None:
            told = {"which": which, "scored at": prior.scored_at, "study": prior.study_instance_uid}
            lines += [(DIGEST_OF[which], shown(prior.digest))] if prior.digest else []
            lines.append((codes.PRIOR_RESULT, line_of(told)))
            lines += [(codes.PRIOR_OBJECT, _object_line(which, one)) for one in prior.objects]
    return lines


def read_prior(which: str, digest: str, results: Iterable[str], objects: Iterable[str]) -> PriorResult | None:
    """The earlier result from its digest and the lines of the report; None when no line tells of it."""
    told = [fields for fields in map(fields_of, results) if fields.get("which") == which]
    if not told:
        return None
    own = tuple(_object(fields) for fields in map(fields_of, objects) if fields.get("which") == which)
    return PriorResult(meant(digest), needed(told[0], "study"), needed(told[0], "scored at"), own)


def _object_line(which: str, one: PriorObject) -> str:
    return line_of(
        {
            "which": which,
            "object": one.role,
            "form": one.form,
            "SOP Class": one.sop_class_uid,
            "instance": one.sop_instance_uid,
            "series": one.series_instance_uid,
        }
    )


def _object(fields: dict[str, str]) -> PriorObject:
    return PriorObject(
        role=needed(fields, "object"),
        form=needed(fields, "form"),
        sop_class_uid=needed(fields, "SOP Class"),
        sop_instance_uid=needed(fields, "instance"),
        series_instance_uid=needed(fields, "series"),
    )
