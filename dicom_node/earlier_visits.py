"""Visits that were scored in the same call, where there is no ledger: a later one finds its baseline among them."""

from __future__ import annotations

from dataclasses import dataclass, field

from dicom_node.ledger.results import Visit
from scoring.result import PriorObject, PriorResult, ScoreResult
from sr_templates.result_objects import ResultObjects


@dataclass
class EarlierVisits:
    """Results in the order in which they were scored."""

    _scored: list[tuple[Visit, ScoreResult, ResultObjects]] = field(default_factory=list)

    def add(self, visit: Visit, result: ScoreResult, written: ResultObjects) -> None:
        """One more result and the objects that were written from it."""
        self._scored.append((visit, result, written))

    def baseline_of(self, visit: Visit, system: str) -> PriorResult | None:
        """The first visit of the subject by this system, as ``dicom_node.ledger.results.find_baseline`` chooses it."""
        found = sorted(
            (
                each
                for each in self._scored
                if each[0].subject == visit.subject is not None
                and each[1].system == system
                and each[1].not_evaluable is None
                and "" < each[0].study_date < visit.study_date
            ),
            key=lambda each: each[0].study_date,
        )
        if not found or found[0][0].study_date in [each[0].study_date for each in found[1:]]:
            return None
        _, result, written = found[0]
        return result.as_prior(
            tuple(
                PriorObject(
                    item.role,
                    written.form_of(item),
                    item.sop_class_uid,
                    item.sop_instance_uid,
                    item.series_instance_uid,
                )
                for item in written.objects
            )
        )
