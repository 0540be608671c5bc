"""Jobs started by somebody else than the clock: released, begun again by a person, hastened or held back."""

from __future__ import annotations

from time import time
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dicom_node.ledger.destinations import ask_now
from dicom_node.ledger.due_jobs import ASKED_FOR
from dicom_node.ledger.jobs import change_jobs, job_title, wait_again
from dicom_node.ledger.study_progress import move_on, study_to_change
from dicom_node.ledger.tables import JobRow, StudyRow
from dicom_node.ledger.timeline import change_state, record

_STATE_BEFORE: Final = {
    "score": "scoring",
    "report": "scored",
    "deliver": "delivering",
    "commit": "delivering",
    "find": "delivering",
}
"""What a study's state is while such a job waits."""


def release_held(session: Session, job: JobRow, actor: str) -> None:
    """Let a held job run; one that is not held stays as it is."""
    if job.state == "held":
        wait_again(job)
        job.urgency = max(job.urgency, ASKED_FOR)
        record(session, job.study_instance_uid, actor, f"{job.kind}_released", f"{job_title(job)} was released.")


def requeue(session: Session, actor: str, *, study_instance_uid: str | None = None, parked: bool = False) -> int:
    """Start waiting jobs now, and with ``parked`` those that were given up, with a fresh count. Returns how many.

    They go before what nobody asked for, and their destinations are asked at once. With ``parked`` studies that could
    not be closed count too: they are closed again.
    """
    query = select(JobRow).where(JobRow.state.in_(("waiting", "parked") if parked else ("waiting",)))
    if study_instance_uid is not None:
        query = query.where(JobRow.study_instance_uid == study_instance_uid)
    jobs = list(session.scalars(query.with_for_update()))
    for job in jobs:
        if job.state == "parked":
            start_again(session, job, actor)
        else:
            text = f"{job_title(job)} is not to wait any longer."
            record(session, job.study_instance_uid, actor, f"{job.kind}_requeued", text, job=job.id)
            wait_again(job)
        job.urgency = max(job.urgency, ASKED_FOR)
    ask_now(session, {job.destination for job in jobs if job.destination is not None})
    return len(jobs) + (_close_again(session, actor, study_instance_uid) if parked else 0)


def hasten(session: Session, job_id: str) -> bool:
    """What made this job wait is over: run it now. False when it was not waiting for later."""
    now = time()
    waiting = update(JobRow).where(JobRow.id == job_id, JobRow.state == "waiting", JobRow.run_after > now)
    return bool(change_jobs(session, waiting.values(run_after=0.0, hinted_at=None, updated_at=now)))


def hold_back(session: Session, kind: str, destination: str, until: float) -> int:
    """What one of these jobs just met waits for all of them: none starts before then. Returns how many were due."""
    waiting = update(JobRow).where(
        JobRow.destination == destination, JobRow.kind == kind, JobRow.state == "waiting", JobRow.run_after < until
    )
    return change_jobs(session, waiting.values(run_after=until, updated_at=time()))


def _close_again(session: Session, actor: str, study_instance_uid: str | None) -> int:
    query = select(StudyRow).where(StudyRow.state == "failed", StudyRow.completed_at.is_(None))
    if study_instance_uid is not None:
        query = query.where(StudyRow.study_instance_uid == study_instance_uid)
    studies = list(session.scalars(query.with_for_update()))
    for study in studies:
        change_state(session, study, "receiving", actor, "It is to be closed again.", reasons=())
    return len(studies)


def start_again(session: Session, job: JobRow, actor: str) -> None:
    """What was given up begins anew: it waits with a fresh count, and the study is where it was before."""
    wait_again(job)
    job.attempts = job.postponed = 0
    text = f"{job_title(job)} was started again."
    record(session, job.study_instance_uid, actor, f"{job.kind}_requeued", text, job=job.id)
    if (study := study_to_change(session, job.study_instance_uid)) is not None:
        left = [r for r in study.reasons if (r["code"], r["text"]) != (job.error_code, job.error_text)]
        move_on(session, study, _STATE_BEFORE[job.kind], actor, text, left)
