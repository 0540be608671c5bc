"""Jobs: work that must be done once, however often somebody dies while doing it.

A job waits, is leased by one worker, and ends done or parked. The lease carries a fencing number: whoever writes with
an older one is refused. A lease is never judged by the clock of the wall: ``dicom_node/queue/relay_and_reaper.py``
watches whether it is renewed, so that a clock that jumps steals no work.

How a failure is answered:

- ``TransientError``: wait, longer each time with jitter, and never give up;
- any other ``RheumascoreError``: parked at once, a person looks;
- a crash of the worker, or an error nobody foresaw: again, but parked after ``limits.attempts`` of them. A crash while
  delivering only postpones: the objects are safe, and a peer that is slow to answer is no reason to stop.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from time import time
from typing import Any, Final, Literal
from uuid import uuid4

from sqlalchemy import CursorResult, Update, select, update
from sqlalchemy.orm import Session

from dicom_node.errors import LeaseLostError, TransientError
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import JobRow, StudyRow
from dicom_node.ledger.timeline import change_state, record
from scoring.errors import RheumascoreError

JobKind = Literal["score", "report", "deliver"]

LEASE_SECONDS: Final = 60.0
"""A lease that was not renewed for so long is over. A worker renews three times as often."""
FIRST_WAIT_SECONDS: Final = 2.0
LONGEST_WAIT_SECONDS: Final = 900.0
_WAIT_GROWTH: Final = 4
CRASHED: Final = "RS-350"
"""Code of a job that was parked because workers died of it, or of an error that nobody foresaw."""

_STATE_BEFORE: Final = {"score": "scoring", "report": "scored", "deliver": "delivering"}
"""What a study's state is while such a job waits."""


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


def take_lease(ledger: Ledger, job_id: str, owner: str, seconds: float = LEASE_SECONDS) -> LeasedJob | None:
    """Take a waiting job that is due; None when it is not there to be taken: done, held, parked or somebody else's."""
    now = time()
    with ledger.write() as session:
        job = session.get(JobRow, job_id)
        if job is None or job.state != "waiting" or not is_due(job.run_after, now):
            return None
        taken = _change(
            session,
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.state == "waiting", JobRow.fencing == job.fencing)
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
        record(
            session, job.study_instance_uid, owner, f"{job.kind}_started", f"{_title(job)} was taken up.",
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


def is_due(run_after: float, now: float) -> bool:
    """True when a job may start. A time further off than any wait of ours comes from a clock that was set back."""
    return run_after <= now or run_after > now + 2 * LONGEST_WAIT_SECONDS


def renew(session: Session, leased: LeasedJob) -> None:
    """Show that the worker lives. Raises LeaseLostError when the lease is no longer its own."""
    _change_leased(session, leased, lease_until=time() + leased.lease_seconds)


def finish(session: Session, leased: LeasedJob) -> None:
    """The work is done; belongs into the transaction that writes its outcome.

    Raises LeaseLostError when the lease is no longer this worker's: then nothing of the transaction may stand.
    """
    _change_leased(
        session, leased, state="done", lease_owner=None, lease_until=None, postponed=0, error_code=None, error_text=None
    )


def fail(session: Session, leased: LeasedJob, error: Exception, *, attempts_allowed: int) -> JobRow:
    """The work failed: postponed or parked, as the file's head says. Returns the row as it now stands.

    Raises LeaseLostError when the lease is no longer this worker's.
    """
    _change_leased(session, leased)
    job = session.get_one(JobRow, leased.id)
    code, text = _code_and_text(error)
    if isinstance(error, TransientError):
        job.attempts -= 1
        _postpone(session, job, leased.owner, code, text)
    elif isinstance(error, RheumascoreError) or job.attempts >= attempts_allowed:
        _park(session, job, leased.owner, code, text)
    else:
        _postpone(session, job, leased.owner, code, text)
    return job


def end_lost_lease(session: Session, job: JobRow, actor: str, attempts_allowed: int) -> None:
    """The worker that held the lease is gone: the job waits again, or is parked when it was one crash too many."""
    text = f"The worker stopped in the middle of it (attempt {job.attempts})."
    if job.kind == "deliver":
        job.attempts -= 1
        _postpone(session, job, actor, CRASHED, text)
        return
    if job.attempts >= attempts_allowed:
        _park(session, job, actor, CRASHED, text)
        return
    _wait_again(job, run_after=0.0)
    record(session, job.study_instance_uid, actor, f"{job.kind}_lease_lost", text, job=job.id)


def release_leases_of(session: Session, owner_prefix: str, actor: str, attempts_allowed: int) -> int:
    """End every lease of owners with this prefix, because they are known to be dead. Returns how many there were."""
    query = select(JobRow).where(JobRow.state == "leased", JobRow.lease_owner.startswith(owner_prefix, autoescape=True))
    jobs = list(session.scalars(query))
    for job in jobs:
        end_lost_lease(session, job, actor, attempts_allowed)
    return len(jobs)


def release_held(session: Session, job: JobRow, actor: str) -> None:
    """Let a held job run; one that is not held stays as it is."""
    if job.state == "held":
        _wait_again(job, run_after=0.0)
        record(session, job.study_instance_uid, actor, f"{job.kind}_released", f"{_title(job)} was released.")


def requeue(session: Session, actor: str, *, study_instance_uid: str | None = None, parked: bool = False) -> int:
    """Start waiting jobs now, and with ``parked`` those that were given up, with a fresh count. Returns how many."""
    query = select(JobRow).where(JobRow.state.in_(("waiting", "parked") if parked else ("waiting",)))
    if study_instance_uid is not None:
        query = query.where(JobRow.study_instance_uid == study_instance_uid)
    jobs = list(session.scalars(query))
    for job in jobs:
        if job.state == "parked":
            _unpark(session, job, actor)
        _wait_again(job, run_after=0.0)
    return len(jobs)


def hasten(session: Session, key_prefix: str) -> int:
    """What made these jobs wait is over: run them now. Returns how many were waiting for later."""
    now = time()
    return _change(
        session,
        update(JobRow)
        .where(JobRow.key.startswith(key_prefix, autoescape=True), JobRow.state == "waiting", JobRow.run_after > now)
        .values(run_after=0.0, hinted_at=None, updated_at=now),
    )


def hold_back(session: Session, key_prefix: str, until: float) -> int:
    """What one of these jobs just met waits for all of them: none starts before then. Returns how many were due."""
    return _change(
        session,
        update(JobRow)
        .where(JobRow.key.startswith(key_prefix, autoescape=True), JobRow.state == "waiting", JobRow.run_after < until)
        .values(run_after=until, updated_at=time()),
    )


def add_reason(reasons: list[Any], code: str, text: str, system: str) -> list[dict[str, str]]:
    """``reasons`` of a study with one more, once."""
    new = {"code": code, "text": text, "system": system}
    return [*reasons, new] if new not in reasons else list(reasons)


def _postpone(session: Session, job: JobRow, actor: str, code: str, text: str) -> None:
    job.postponed += 1
    wait = waiting_seconds(job.postponed)
    _wait_again(job, run_after=time() + wait)
    job.error_code, job.error_text = code, text
    record(
        session, job.study_instance_uid, actor, f"{job.kind}_postponed",
        f"{text} Again in {wait:.0f} s.", job=job.id, code=code,
    )  # fmt: skip


def waiting_seconds(postponed: int) -> float:
    """How long to wait after so many transient failures in a row: 2, 8, 32 … 900 s, a quarter more or less."""
    steps = min(postponed, 8) - 1
    longest: float = min(FIRST_WAIT_SECONDS * _WAIT_GROWTH**steps, LONGEST_WAIT_SECONDS)
    return longest * random.uniform(0.75, 1.25)


def _park(session: Session, job: JobRow, actor: str, code: str, text: str) -> None:
    job.state, job.lease_owner, job.lease_until, job.updated_at = "parked", None, None, time()
    job.error_code, job.error_text = code, text
    record(session, job.study_instance_uid, actor, f"{job.kind}_parked", text, job=job.id, code=code)
    if (study := session.get(StudyRow, job.study_instance_uid)) is not None:
        reasons = add_reason(study.reasons, code, text, str(job.subject.get("system", "")))
        change_state(session, study, "failed", actor, f"{_title(job)} was given up: {text}", reasons)


def _unpark(session: Session, job: JobRow, actor: str) -> None:
    """A person starts again what was given up: a fresh count, and the study is where it was before."""
    job.attempts = job.postponed = 0
    text = f"{_title(job)} was started again."
    record(session, job.study_instance_uid, actor, f"{job.kind}_requeued", text, job=job.id)
    if (study := session.get(StudyRow, job.study_instance_uid)) is not None:
        left = [r for r in study.reasons if (r["code"], r["text"]) != (job.error_code, job.error_text)]
        change_state(session, study, _STATE_BEFORE[job.kind], actor, text, left)


def _wait_again(job: JobRow, run_after: float) -> None:
    job.state, job.lease_owner, job.lease_until = "waiting", None, None
    job.run_after, job.hinted_at, job.updated_at = run_after, None, time()


def _code_and_text(error: Exception) -> tuple[str, str]:
    """Code and text for people. Of an error nobody foresaw only the kind: its text may hold patient data."""
    if isinstance(error, RheumascoreError):
        return error.code, str(error)
    return CRASHED, f"An error that nobody foresaw ({type(error).__name__}); the worker's log has the place."


def _title(job: JobRow) -> str:
    return {"score": "Scoring", "report": "Writing the report", "deliver": "Delivery"}[job.kind]


def _change_leased(session: Session, leased: LeasedJob, **values: Any) -> None:
    statement = (
        update(JobRow)
        .where(JobRow.id == leased.id, JobRow.state == "leased", JobRow.fencing == leased.fencing)
        .values(updated_at=time(), **values)
    )
    if not _change(session, statement):
        raise LeaseLostError(
            f"Lease {leased.fencing} of job {leased.id} has ended and somebody else may do it: nothing is written."
        )


def _change(session: Session, statement: Update) -> int:
    result = session.execute(statement)
    assert isinstance(result, CursorResult)
    return result.rowcount
