"""An empty ledger with a study in it, for tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time
from typing import Final

from sqlalchemy import select

from dicom_node.ledger.jobs import JobKind, LeasedJob, add_job, take_lease, wait_again
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import JobRow, StudyRow

STUDY = "2.25.1001"
_FILE: Final = "ledger.sqlite3"


def new_ledger(data_dir: Path) -> Ledger:
    """The ledger of this folder, up to date."""
    path = data_dir / _FILE
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(_empty_ledger())
    ledger = Ledger(f"sqlite:///{path}")
    ledger.upgrade()
    return ledger


@cache
def _empty_ledger() -> bytes:
    """Every new one has the same bytes: a process of tests makes one, for that takes a twentieth of a second."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / _FILE
        ledger = Ledger(f"sqlite:///{path}")
        ledger.upgrade()
        ledger.close()
        return path.read_bytes()


def add_study(ledger: Ledger, uid: str = STUDY, state: str = "scoring") -> None:
    """A study with nothing but its state."""
    now = time()
    with ledger.write() as session:
        session.add(
            StudyRow(
                study_instance_uid=uid,
                state=state,
                round=1,
                forced=False,
                first_received_at=now,
                last_received_at=now,
                completed_at=None if state == "receiving" else now,
                updated_at=now,
                reasons=[],
            )
        )


def job(ledger: Ledger, job_id: str) -> JobRow:
    """The row as it is now."""
    with ledger.read() as session:
        return session.get_one(JobRow, job_id)


def study(ledger: Ledger, uid: str = STUDY) -> StudyRow:
    """The row as it is now."""
    with ledger.read() as session:
        return session.get_one(StudyRow, uid)


def add_jobs(ledger: Ledger, count: int, kind: JobKind = "score", seconds: float = 0.0) -> list[str]:
    """So many waiting jobs, each of which takes so long."""
    with ledger.write() as session:
        return [add_job(session, kind, f"{kind}-{n}", STUDY, {"seconds": seconds}).id for n in range(count)]


def all_done(ledger: Ledger) -> bool:
    """True when every job is."""
    with ledger.read() as session:
        return set(session.scalars(select(JobRow.state))) == {"done"}


def taken_twice(ledger: Ledger, job_id: str) -> tuple[LeasedJob, LeasedJob]:
    """A lease that its worker lost without knowing it, and that of the next one, ``b:2:y``."""
    first = take_lease(ledger, job_id, "a:1:x")
    assert first is not None
    with ledger.write() as session:
        wait_again(session.get_one(JobRow, job_id))
    second = take_lease(ledger, job_id, "b:2:y")
    assert second is not None
    return first, second
