"""How a failure of a job is answered.

- ``TransientError``: wait, longer each time with jitter, and never give up; when a destination was not even reached,
  or is busy, everything for it waits (``destinations.py``);
- any other ``RheumascoreError``: parked at once, a person looks;
- a crash of the worker, or an error nobody foresaw: again, but parked after ``limits.attempts`` of them. A crash while
  delivering or asking for commitment only postpones: the objects are safe, and a slow peer is no reason to stop.
"""

from __future__ import annotations

from time import time
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dicom_node.errors import DestinationAwayError, DestinationBusyError, TransientError
from dicom_node.ledger.destinations import is_away, note_away
from dicom_node.ledger.job_restarts import hold_back
from dicom_node.ledger.jobs import LeasedJob, confirm_lease, job_title, wait_again
from dicom_node.ledger.study_progress import move_on, study_to_change
from dicom_node.ledger.tables import JobRow
from dicom_node.ledger.timeline import record
from dicom_node.ledger.waits import WAITS, Waits
from scoring.errors import RheumascoreError

CRASHED: Final = "RS-350"
"""Code of a job that was parked because workers died of it, or of an error that nobody foresaw."""


def fail(
    session: Session, leased: LeasedJob, error: Exception, *, attempts_allowed: int, waits: Waits = WAITS
) -> JobRow:
    """The work failed: postponed or parked, as the file's head says. Returns the row as it now stands.

    Raises LeaseLostError when the lease is no longer this worker's.
    """
    job = confirm_lease(session, leased)
    code, text = _code_and_text(error)
    if isinstance(error, TransientError):
        job.attempts -= 1
        if isinstance(error, (DestinationAwayError, DestinationBusyError)) and job.destination is not None:
            _wait_for_destination(session, job, leased.owner, error, waits)
        else:
            _postpone(session, job, leased.owner, code, text, waits)
    elif isinstance(error, RheumascoreError) or job.attempts >= attempts_allowed:
        _park(session, job, leased.owner, code, text)
    else:
        _postpone(session, job, leased.owner, code, text, waits)
    return job


def end_lost_lease(session: Session, job: JobRow, actor: str, attempts_allowed: int) -> None:
    """The worker that held the lease is gone: the job waits again, or is parked when it was one crash too many."""
    text = f"The worker stopped in the middle of it (attempt {job.attempts})."
    if job.kind in ("deliver", "commit"):
        job.attempts -= 1
        _postpone(session, job, actor, CRASHED, text, WAITS)
        return
    if job.attempts >= attempts_allowed:
        _park(session, job, actor, CRASHED, text)
        return
    wait_again(job)
    record(session, job.study_instance_uid, actor, f"{job.kind}_lease_lost", text, job=job.id)


def release_leases_of(session: Session, owner_prefix: str, actor: str, attempts_allowed: int) -> int:
    """End every lease of owners with this prefix, because they are known to be dead. Returns how many there were."""
    query = select(JobRow).where(JobRow.state == "leased", JobRow.lease_owner.startswith(owner_prefix, autoescape=True))
    jobs = list(session.scalars(query.with_for_update()))
    for job in jobs:
        end_lost_lease(session, job, actor, attempts_allowed)
    return len(jobs)


def add_reason(reasons: list[Any], code: str, text: str, system: str) -> list[dict[str, str]]:
    """``reasons`` of a study with one more, once."""
    new = {"code": code, "text": text, "system": system}
    return [*reasons, new] if new not in reasons else list(reasons)


def _wait_for_destination(
    session: Session, job: JobRow, actor: str, error: DestinationAwayError | DestinationBusyError, waits: Waits
) -> None:
    """Nobody was reached: the job keeps its place. One that failed over an object stands behind the others for a while.

    What has to be confirmed there tells nothing of what can be stored there, unless nobody was reached.
    """
    destination = str(job.destination)
    if not error.at_the_door:
        _postpone(session, job, actor, error.code, str(error), waits)
        if job.kind == "deliver":
            note_away(session, destination, actor, error, waits)
        else:
            hold_back(session, job.kind, destination, job.run_after)
        return
    known = is_away(session, destination)
    wait = note_away(session, destination, actor, error, waits)
    wait_again(job)
    job.error_code, job.error_text = error.code, str(error)
    if not known:  # said once, however long it lasts
        record(
            session, job.study_instance_uid, actor, f"{job.kind}_postponed",
            f"{error} Again in {wait:.0f} s, and until it answers.", job=job.id, code=error.code,
        )  # fmt: skip


def _postpone(session: Session, job: JobRow, actor: str, code: str, text: str, waits: Waits) -> None:
    job.postponed += 1
    wait = waits.after(job.postponed)
    wait_again(job, run_after=time() + wait)
    job.error_code, job.error_text = code, text
    record(
        session, job.study_instance_uid, actor, f"{job.kind}_postponed",
        f"{text} Again in {wait:.0f} s.", job=job.id, code=code,
    )  # fmt: skip


def _park(session: Session, job: JobRow, actor: str, code: str, text: str) -> None:
    job.state, job.lease_owner, job.lease_until, job.updated_at = "parked", None, None, time()
    job.error_code, job.error_text = code, text
    record(session, job.study_instance_uid, actor, f"{job.kind}_parked", text, job=job.id, code=code)
    if (study := study_to_change(session, job.study_instance_uid)) is not None:
        reasons = add_reason(study.reasons, code, text, str(job.subject.get("system", "")))
        move_on(session, study, "failed", actor, f"{job_title(job)} was given up: {text}", reasons)


def _code_and_text(error: Exception) -> tuple[str, str]:
    """Code and text for people. Of an error nobody foresaw only the kind: its text may hold patient data."""
    if isinstance(error, RheumascoreError):
        return error.code, str(error)
    return CRASHED, f"An error that nobody foresaw ({type(error).__name__}); the worker's log has the place."
