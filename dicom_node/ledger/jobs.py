"""Jobs: work that must be done once, however often somebody dies while doing it.

A job waits, is leased by one worker, and ends done or parked. The lease carries a fencing number: whoever writes with
an older one is refused. A lease is never judged by the clock of the wall: ``dicom_node/queue/relay_and_reaper.py``
watches whether it is renewed, so that a clock that jumps steals no work.
What becomes of a job that failed: ``job_failures.py``. Who starts it again: ``job_restarts.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import time
from typing import Any, Final, Literal
from uuid import uuid4

from sqlalchemy import CursorResult, Update, select, update
from sqlalchemy.orm import Session

from dicom_node.errors import LeaseLostError
from dicom_node.ledger.destinations import is_away, next_jobs, take_turns
from dicom_node.ledger.due_jobs import ORDINARY, is_due
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import JobRow
from dicom_node.ledger.timeline import record

JobKind = Literal["score", "report", "deliver", "commit", "find"]
JobEnd = Literal["done", "replaced", "superseded", "skipped"]

_TITLES: Final = {
    "score": "Scoring",
    "report": "Writing the report",
    "deliver": "Delivery",
    "commit": "Storage commitment",
    "find": "Looking for it there",
}
LEASE_SECONDS: Final = 60.0
"""A lease that was not renewed for so long is over. A worker renews three times as often."""


@dataclass(frozen=True, slots=True)
class LeasedJob:
    """One job in the hands of one worker."""

    id: str
    kind: str
    key: str
    study_instance_uid: str
    subject: dict[str, Any]
    attempts: int
    postponed: int
    owner: str
    fencing: int
    lease_seconds: float


def add_job(
    session: Session,
    kind: JobKind,
    key: str,
    study_instance_uid: str,
    subject: dict[str, Any],
    *,
    held: bool = False,
    run_after: float = 0.0,
    hinted: bool = False,
    urgency: int = ORDINARY,
) -> JobRow:
    """The job with this key, made when there was none: the same work twice is one row.

    ``hinted``: the caller tells the queue itself, right after its transaction; the relay then waits a moment.
    """
    if (known := session.scalar(select(JobRow).where(JobRow.key == key))) is not None:
        return known
    now = time()
    job = JobRow(
        id=str(uuid4()),
        kind=kind,
        key=key,
        study_instance_uid=study_instance_uid,
        subject=subject,
        destination=subject.get("destination"),
        urgency=urgency,
        state="held" if held else "waiting",
        attempts=0,
        postponed=0,
        fencing=0,
        run_after=run_after,
        hinted_at=now if hinted and not held else None,
        created_at=now,
        updated_at=now,
    )
    session.add(job)
    session.flush()
    return job


def take_lease(
    ledger: Ledger, job_id: str, owner: str, seconds: float = LEASE_SECONDS, associations: int | None = None
) -> LeasedJob | None:
    """Take a waiting job that is due; None when it is not there to be taken: done, held, parked or somebody else's.

    ``associations``: a job with a destination stands for all that wait for it: the most urgent of them is taken, and so
    many are in hand at a time (``destinations.next_jobs``).
    """
    now = time()
    with ledger.write() as session:
        job = session.get(JobRow, job_id)
        if job is not None and job.destination is not None and associations is not None:
            take_turns(session)
            job = next(iter(next_jobs(session, job.destination, associations)), None)
        if job is None or job.state != "waiting" or not is_due(job.run_after, now):
            return None
        taken = change_jobs(
            session,
            update(JobRow)
            .where(JobRow.id == job.id, JobRow.state == "waiting", JobRow.fencing == job.fencing)
            .values(
                state="leased",
                lease_owner=owner,
                lease_until=now + seconds,
                fencing=job.fencing + 1,
                attempts=job.attempts + 1,
                updated_at=now,
            ),
        )
        if not taken:
            return None
        session.refresh(job)
        if job.destination is None or not is_away(session, job.destination):  # what nobody answers is said once
            record(
                session, job.study_instance_uid, owner, f"{job.kind}_started", f"{job_title(job)} was taken up.",
                job=job.id, attempt=job.attempts,
            )  # fmt: skip
        return LeasedJob(
            id=job.id,
            kind=job.kind,
            key=job.key,
            study_instance_uid=job.study_instance_uid,
            subject=dict(job.subject),
            attempts=job.attempts,
            postponed=job.postponed,
            owner=owner,
            fencing=job.fencing,
            lease_seconds=seconds,
        )


def renew(session: Session, leased: LeasedJob) -> None:
    """Show that the worker lives. Raises LeaseLostError when the lease is no longer its own."""
    _change_leased(session, leased, lease_until=time() + leased.lease_seconds)


def finish(session: Session, leased: LeasedJob, end: JobEnd = "done") -> None:
    """The work is done, or not needed any more; belongs into the transaction that writes its outcome.

    Raises LeaseLostError when the lease is no longer this worker's: then nothing of the transaction may stand.
    """
    _change_leased(
        session, leased, state=end, lease_owner=None, lease_until=None, postponed=0, error_code=None, error_text=None
    )
    if end != "done":
        text = f"{_TITLES[leased.kind]} ended without being done: {end}."
        record(session, leased.study_instance_uid, leased.owner, f"{leased.kind}_{end}", text, job=leased.id)


def confirm_lease(session: Session, leased: LeasedJob) -> JobRow:
    """The row, locked by this transaction. Raises LeaseLostError when the lease is no longer this worker's."""
    _change_leased(session, leased)
    return session.get_one(JobRow, leased.id)


def wait_again(job: JobRow, run_after: float = 0.0) -> None:
    """Without a lease, waiting for its time; the queue has to be told anew."""
    job.state, job.lease_owner, job.lease_until = "waiting", None, None
    job.run_after, job.hinted_at, job.updated_at = run_after, None, time()


def job_title(job: JobRow) -> str:
    """What kind of work it is, in words for the timeline."""
    return _TITLES[job.kind]


def change_jobs(session: Session, statement: Update) -> int:
    """Run an UPDATE of jobs; how many rows it changed."""
    result = session.execute(statement)
    assert isinstance(result, CursorResult)
    return result.rowcount


def _change_leased(session: Session, leased: LeasedJob, **values: Any) -> None:
    statement = (
        update(JobRow)
        .where(JobRow.id == leased.id, JobRow.state == "leased", JobRow.fencing == leased.fencing)
        .values(updated_at=time(), **values)
    )
    if not change_jobs(session, statement):
        raise LeaseLostError(
            f"Lease {leased.fencing} of job {leased.id} has ended and somebody else may do it: nothing is written."
        )
