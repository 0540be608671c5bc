"""What is still to be done for a result, or for a choice of images, that no longer stands is not done any more.

Nothing is deleted.
"""

from __future__ import annotations

from time import time
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dicom_node.ledger.tables import DeliveryRow, JobRow, StudyRow
from dicom_node.ledger.timeline import record

_NOT_BEGUN: Final = ("waiting", "held", "parked")


def end_unfinished_jobs(session: Session, study_instance_uid: str, digest: str, actor: str) -> int:
    """End the report and delivery jobs of a result that wait, are held or were given up. Returns how many.

    A job in the hands of a worker goes on: it ends by itself once it sees that the result no longer stands.
    """
    query = select(JobRow).where(JobRow.study_instance_uid == study_instance_uid, JobRow.state.in_(_NOT_BEGUN))
    jobs = [job for job in session.scalars(query.with_for_update()) if job.subject.get("result") == digest]
    for job in jobs:
        _forget_reason(session, job)
        job.state, job.updated_at = "superseded", time()
        job.error_code = job.error_text = None
        session.execute(
            update(DeliveryRow)
            .where(DeliveryRow.job_id == job.id, DeliveryRow.state.in_(("waiting", "held", "failed")))
            .values(state="superseded", updated_at=time())
        )
        record(
            session, study_instance_uid, actor, f"{job.kind}_superseded",
            "Ended: a later result stands.", job=job.id, result=digest,
        )  # fmt: skip
    return len(jobs)


def end_overtaken_scoring(session: Session, job: JobRow, actor: str) -> int:
    """End the scoring jobs of the same study and system that are about other images than this one. Returns how many.

    One in the hands of a worker loses its lease: what it finds of fewer images must not replace what this one finds.
    """
    query = select(JobRow).where(
        JobRow.study_instance_uid == job.study_instance_uid,
        JobRow.kind == "score",
        JobRow.id != job.id,
        JobRow.state.in_((*_NOT_BEGUN, "leased")),
    )
    others = session.scalars(query.with_for_update())
    overtaken = [other for other in others if other.subject.get("system") == job.subject.get("system")]
    for other in overtaken:
        other.state, other.lease_owner, other.lease_until, other.updated_at = "superseded", None, None, time()
        other.error_code = other.error_text = None
        record(
            session, job.study_instance_uid, actor, "score_superseded",
            "Ended: more images have come, and all are scored together.", job=other.id,
        )  # fmt: skip
    return len(overtaken)


def _forget_reason(session: Session, job: JobRow) -> None:
    """The study no longer waits for a person because of this job."""
    study = session.get(StudyRow, job.study_instance_uid)
    if study is not None and job.error_code is not None:
        study.reasons = [r for r in study.reasons if (r["code"], r["text"]) != (job.error_code, job.error_text)]
