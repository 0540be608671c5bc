"""Where a study stands once its results are on their way: read from its jobs, never counted apart from them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dicom_node.ledger.tables import JobRow, ResultRow, StudyRow
from dicom_node.ledger.timeline import change_state

ON_ITS_WAY: Final = ("scored", "held", "delivering", "delivered", "not_evaluable", "failed")
"""States in which deliveries decide. A study that still receives, or is being scored again, is left alone."""
_TEXTS: Final = {
    "held": "Results wait to be released.",
    "delivering": "Results are on their way.",
    "delivered": "Every destination has every object.",
    "not_evaluable": "Every destination has the report, which says that the study cannot be evaluated.",
}
_ENDED: Final = ("done", "replaced", "superseded")


def settle_study(session: Session, study_instance_uid: str, actor: str) -> None:
    """Bring the study's state up to what its jobs say. A parked job keeps it ``failed`` until a person acted."""
    session.flush()
    study = session.get(StudyRow, study_instance_uid)
    if study is None or study.state not in ON_ITS_WAY:
        return
    jobs = session.execute(
        select(JobRow.kind, JobRow.state).where(JobRow.study_instance_uid == study_instance_uid)
    ).all()
    state = _state({(kind, state) for kind, state in jobs}, _has_scores(session, study_instance_uid))
    if state and state != study.state:
        change_state(session, study, state, actor, _TEXTS[state])


def waits_for_a_person(session: Session, study_instance_uid: str) -> bool:
    """True when a job of the study was given up."""
    parked = select(JobRow.id).where(JobRow.study_instance_uid == study_instance_uid, JobRow.state == "parked")
    return session.scalar(parked.limit(1)) is not None


def _state(jobs: set[tuple[str, str]], has_scores: bool) -> str | None:
    """The state that follows from (kind, state) of the jobs; None: it stays."""
    if any(state == "parked" for _, state in jobs):
        return None
    jobs = {(kind, state) for kind, state in jobs if kind not in ("commit", "find")}  # delivered waits for neither
    if jobs & {("deliver", "waiting"), ("deliver", "leased")}:
        return "delivering"
    if ("deliver", "held") in jobs:
        return "held"
    if any(state not in _ENDED for _, state in jobs):
        return None
    if ("deliver", "done") in jobs:
        return "delivered" if has_scores else "not_evaluable"
    return None


def _has_scores(session: Session, study_instance_uid: str) -> bool:
    """Any current result has scores, or takes back one that had."""
    found = session.execute(
        select(ResultRow.evaluable, ResultRow.withdraws).where(
            ResultRow.study_instance_uid == study_instance_uid, ResultRow.current
        )
    )
    return any(evaluable or withdraws for evaluable, withdraws in found)
