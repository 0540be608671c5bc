"""An empty ledger with a study in it, for tests."""

from __future__ import annotations

from pathlib import Path
from time import time

from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import JobRow, StudyRow

STUDY = "2.25.1001"


def new_ledger(data_dir: Path) -> Ledger:
    """The ledger of this folder, up to date."""
    ledger = Ledger(f"sqlite:///{data_dir / 'ledger.sqlite3'}")
    ledger.upgrade()
    return ledger


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
