"""The outbox: finished objects and where they must go, written in the transaction that ends the report's job.

A result that may not leave by itself lies here held, until a person or a rule releases it.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import time
from typing import TYPE_CHECKING

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dicom_node.ledger.due_jobs import ORDINARY, WITHDRAWAL
from dicom_node.ledger.job_failures import add_reason
from dicom_node.ledger.job_restarts import release_held
from dicom_node.ledger.jobs import add_job, wait_again
from dicom_node.ledger.removals import needed_again
from dicom_node.ledger.study_progress import settle_study
from dicom_node.ledger.tables import DeliveryRow, JobRow, ObjectRow, StudyRow
from dicom_node.ledger.timeline import record
from dicom_node.peers import Peer
from scoring.result import ScoreResult

if TYPE_CHECKING:  # whoever only moves what is written need not load what writes it
    from sr_templates.result_objects import ResultObjects

HELD = "held"
"""Code of the reason on a study whose results wait to be released."""
_ACTOR = "outbox"


def put_into_outbox(
    session: Session,
    result: ScoreResult,
    written: ResultObjects,
    digests: Sequence[str],
    destinations: Sequence[Peer],
    *,
    hold: str = "",
) -> list[str]:
    """Keep the objects and make one delivery job for each destination. Returns the jobs that may run at once.

    ``digests``: of the contents in the store, in the order of ``written.objects``. ``hold``: why they must wait to be
    released; empty when they may go. Doing it twice changes nothing.
    """
    _keep_objects(session, result, written, digests)
    uids = [item.sop_instance_uid for item in written.objects]
    jobs = [_add_delivery(session, result, written.form, uids, peer, held=bool(hold)) for peer in destinations]
    study = session.get(StudyRow, result.study_instance_uid)
    if study is not None and hold:
        study.reasons = add_reason(study.reasons, HELD, hold, result.system)
    settle_study(session, result.study_instance_uid, _ACTOR)
    return [job.id for job in jobs if job.state == "waiting"]


def release(session: Session, study_instance_uid: str, actor: str) -> list[str]:
    """Let everything of a study go that is held. Returns the jobs that wait now, for their hints."""
    held = select(JobRow).where(
        JobRow.study_instance_uid == study_instance_uid, JobRow.kind == "deliver", JobRow.state == "held"
    )
    released = list(session.scalars(held))
    for job in released:
        release_held(session, job, actor)
        session.execute(
            update(DeliveryRow)
            .where(DeliveryRow.job_id == job.id, DeliveryRow.state == "held")
            .values(state="waiting", updated_at=time())
        )
    study = session.get(StudyRow, study_instance_uid)
    if study is not None and released:
        study.reasons = [reason for reason in study.reasons if reason["code"] != HELD]
        settle_study(session, study_instance_uid, actor)
    return [job.id for job in released]


def _keep_objects(session: Session, result: ScoreResult, written: ResultObjects, digests: Sequence[str]) -> None:
    for position, (item, digest) in enumerate(zip(written.objects, digests, strict=True)):
        if session.get(ObjectRow, item.sop_instance_uid) is None:
            session.add(
                ObjectRow(
                    sop_instance_uid=item.sop_instance_uid,
                    sop_class_uid=item.sop_class_uid,
                    series_instance_uid=item.series_instance_uid,
                    result_digest=result.digest,
                    form=written.form_of(item),
                    role=item.role,
                    position=position,
                    content_sha256=digest,
                    created_at=time(),
                )
            )
    session.flush()
    needed_again(session, "content", digests, result.study_instance_uid)


def _add_delivery(
    session: Session, result: ScoreResult, form: str, uids: list[str], peer: Peer, *, held: bool
) -> JobRow:
    key = f"deliver:{peer.name}:{result.digest}:{form}"
    subject = {"system": result.system, "result": result.digest, "form": form, "destination": peer.name}
    urgency = WITHDRAWAL if result.withdraws else ORDINARY
    job = add_job(session, "deliver", key, result.study_instance_uid, subject, held=held, hinted=True, urgency=urgency)
    if job.state == "replaced":  # this form was refused once, and is taken now
        wait_again(job)
    for uid in uids:
        _expect(session, job, peer.name, uid)
    record(
        session, result.study_instance_uid, _ACTOR, "held_back" if held else "queued_for_delivery",
        f"{len(uids)} objects for {peer.name}.", destination=peer.name, job=job.id,
        result=result.digest, objects=uids,
    )  # fmt: skip
    return job


def _expect(session: Session, job: JobRow, destination: str, uid: str) -> None:
    """One object for one destination: a new row, or what a job in another form left unsent."""
    known = select(DeliveryRow).where(DeliveryRow.destination == destination, DeliveryRow.sop_instance_uid == uid)
    row = session.scalar(known)
    if row is None:
        row = DeliveryRow(destination=destination, sop_instance_uid=uid, committed=False, attempts=0)
        session.add(row)
    elif row.state != "replaced" and session.get_one(JobRow, row.job_id).state != "replaced":
        return
    if row.state == "sent":
        return
    row.job_id, row.state, row.updated_at = job.id, "held" if job.state == "held" else "waiting", time()
