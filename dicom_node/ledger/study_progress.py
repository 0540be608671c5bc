"""Where a study stands once its round is closed: read from its jobs, never counted apart from them.

While it receives, the assembly alone decides: whatever an earlier round still does is recorded and moves nothing, or
its late image would be taken for scored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dicom_node.ledger.tables import JobRow, ResultRow, StudyRow
from dicom_node.ledger.timeline import change_state, record

ROUTING_SAYS: Final = "no_system"
"""Code of the reason why a system scores nothing of a study; each round asks anew."""
_ON_ITS_WAY: Final = ("scored", "held", "delivering", "delivered", "not_evaluable", "failed")
"""States in which the jobs decide. A study that is being scored, again too, is moved by the end of that alone."""
_TEXTS: Final = {
    "held": "Results wait to be released.",
    "delivering": "Results are on their way.",
    "delivered": "Every destination has every object.",
    "not_evaluable": "Every destination has the report, which says that the study cannot be evaluated.",
    "failed": "A job was given up and waits for a person.",
}
_ENDED: Final = ("done", "replaced", "superseded")


def study_to_change(session: Session, study_instance_uid: str) -> StudyRow | None:
    """The row as it is at this moment, locked by this transaction: what is decided on it still holds when it ends."""
    session.flush()
    return session.get(StudyRow, study_instance_uid, with_for_update=True, populate_existing=True)


def round_is_closed(study: StudyRow) -> bool:
    """False while images of the present round may still come, and when it could not be closed."""
    return study.completed_at is not None


def jobs_decide(study: StudyRow) -> bool:
    """True when nothing of it is being received or scored: where it stands is where its jobs are."""
    return round_is_closed(study) and study.state in _ON_ITS_WAY


def move_on(
    session: Session,
    study: StudyRow,
    state: str,
    actor: str,
    text: str,
    reasons: Sequence[dict[str, str]] | None = None,
) -> None:
    """What a job has led to: the study's new state and reasons; while its round is open the state waits for that."""
    if round_is_closed(study):
        change_state(session, study, state, actor, text, reasons)
        return
    if reasons is not None:
        study.reasons = [dict(r) for r in reasons]
    record(session, study.study_instance_uid, actor, f"{state}_meanwhile", f"{text}; more images have come since.")


def settle_study(session: Session, study_instance_uid: str, actor: str) -> None:
    """Bring the study's state up to what its jobs say. A parked job keeps it ``failed`` until a person acted."""
    study = study_to_change(session, study_instance_uid)
    if study is None or not jobs_decide(study):
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
        return "failed"
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
