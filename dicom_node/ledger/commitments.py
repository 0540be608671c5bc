"""Storage commitment in the ledger: what was asked of whom, and what was said of each object (PS3.4 Annex J).

A request is on disk before it is sent, because the report may come to another process, on another association, weeks
later. Every request has a Transaction UID of its own; a report to an old one counts as much as one to the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import time
from typing import Any, Final

from pydicom.uid import generate_uid
from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from dicom_node.ledger.job_restarts import hasten
from dicom_node.ledger.jobs import LeasedJob, add_job, wait_again
from dicom_node.ledger.stored_objects import stored_objects
from dicom_node.ledger.tables import CommitmentRow, DeliveryRow, JobRow, ObjectRow
from dicom_node.ledger.timeline import record

ASK_AGAIN: Final = frozenset({0x0110, 0x0131, 0x0213})
"""Failure Reasons that say nothing of the object: processing failure, transaction in use, out of resources."""

_KEPT_SECONDS: Final = 30 * 86_400.0
"""A request is known for so long after its answer, or after its job has ended without one."""


@dataclass(frozen=True, slots=True)
class CommitmentReport:
    """What a peer says of the objects of one request (PS3.4 table J.3-2)."""

    transaction_uid: str
    committed: tuple[str, ...] = ()
    """SOP Instance UIDs that it takes responsibility for."""
    failed: dict[str, int] = field(default_factory=dict)
    """Failure Reason (0008,1197) by SOP Instance UID."""


def add_commitment_job(session: Session, delivery: LeasedJob) -> None:
    """Once everything of a delivery was sent: have its destination asked to commit it, again if it was asked before."""
    destination, digest = str(delivery.subject["destination"]), str(delivery.subject["result"])
    subject = {
        "system": delivery.subject["system"], "result": digest, "destination": destination, "delivery": delivery.id,
    }  # fmt: skip
    key = f"commit:{destination}:{digest}"
    job = add_job(session, "commit", key, delivery.study_instance_uid, subject)
    job.subject = subject
    if job.state in ("waiting", "done", "skipped"):
        wait_again(job)


def uncommitted(session: Session, subject: dict[str, Any]) -> list[tuple[DeliveryRow, ObjectRow]]:
    """What of a job's result its destination has stored and not committed, in sending order."""
    return stored_objects(session, subject, DeliveryRow.committed.is_(False))


def open_request(session: Session, leased: LeasedJob, sop_instance_uids: Sequence[str]) -> str:
    """Write down a request that is about to be sent, and forget old ones. Returns its Transaction UID."""
    _forget_old(session, str(leased.subject["destination"]))
    uid = str(generate_uid(prefix=None))
    session.add(
        CommitmentRow(
            transaction_uid=uid,
            job_id=leased.id,
            study_instance_uid=leased.study_instance_uid,
            destination=str(leased.subject["destination"]),
            sop_instance_uids=list(sop_instance_uids),
            asked_at=time(),
            answered_at=None,
        )
    )
    return uid


def _forget_old(session: Session, destination: str) -> None:
    """A request that was answered long ago, or whose job has long ended, tells nobody anything. What was said stands
    at each object and in the timeline; a report that comes so late is answered as one to an unknown transaction."""
    before = time() - _KEPT_SECONDS
    ended = select(JobRow.id).where(
        JobRow.destination == destination, JobRow.kind == "commit", JobRow.state.not_in(("waiting", "leased", "parked"))
    )
    session.execute(
        delete(CommitmentRow).where(
            CommitmentRow.destination == destination,
            or_(
                CommitmentRow.answered_at < before,
                and_(CommitmentRow.asked_at < before, CommitmentRow.job_id.in_(ended)),
            ),
        )
    )


def asked_of(session: Session, transaction_uid: str) -> str | None:
    """The destination that was asked in this transaction; None when nobody was."""
    row = session.get(CommitmentRow, transaction_uid)
    return row.destination if row else None


def is_answered(session: Session, transaction_uid: str) -> bool:
    """True once a report to this request was written down."""
    return session.get_one(CommitmentRow, transaction_uid).answered_at is not None


def is_decided(session: Session, subject: dict[str, Any]) -> bool:
    """True when the job can do something else than ask again: everything is committed, or something must be sent."""
    pending = [row for row, _ in uncommitted(session, subject)]
    return not pending or any(row.commit_failure is not None and row.commit_failure not in ASK_AGAIN for row in pending)


def keep_report(session: Session, report: CommitmentReport, actor: str) -> None:
    """Write down what the peer said of each object that it was asked for; of others it may say what it likes.

    The report's transaction must be known. Nothing is decided here: the job that asked is due again at once, unless
    there is nothing that it could do but ask again.
    """
    request = session.get_one(CommitmentRow, report.transaction_uid)
    asked = set(request.sop_instance_uids)
    committed = asked.intersection(report.committed)
    failed = {uid: reason for uid, reason in report.failed.items() if uid in asked - committed}
    now = time()
    mine = update(DeliveryRow).where(DeliveryRow.destination == request.destination, DeliveryRow.state == "sent")
    session.execute(mine.where(DeliveryRow.sop_instance_uid.in_(committed)).values(committed=True, commit_failure=None))
    for uid, reason in failed.items():
        session.execute(
            mine.where(DeliveryRow.sop_instance_uid == uid, DeliveryRow.committed.is_(False)).values(
                commit_failure=reason
            )
        )
    request.answered_at = now
    reasons = ", ".join(sorted({f"0x{reason:04X}" for reason in failed.values()}))
    record(
        session, request.study_instance_uid, actor, "commitment_reported",
        f"{request.destination} commits {len(committed)} of {len(asked)} objects"
        + (f"; not {len(failed)}: {reasons}." if failed else "."),
        destination=request.destination, job=request.job_id, transaction_uid=report.transaction_uid,
    )  # fmt: skip
    job = session.get_one(JobRow, request.job_id)
    if is_decided(session, job.subject):
        hasten(session, job.id)
