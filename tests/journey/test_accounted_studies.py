"""The sum over a ledger sees the study that was forgotten."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dicom_node.ledger.instances import ReceivedInstance, add_instance
from dicom_node.ledger.jobs import add_job
from dicom_node.ledger.tables import StudyRow
from tests.dicom_node.ledger.ledgers import STUDY, new_ledger
from tests.journey.accounted_studies import account_for_studies

_IMAGE = ReceivedInstance(
    "1.2.3.1", "1.2.840.10008.5.1.4.1.1.1", STUDY, "1.2.3", "1.2.840.10008.1.2", "ab", 9, "CR", 1.0
)


@pytest.mark.parametrize(
    ("state", "missing"),
    [
        ("receiving", ""),
        ("scoring", "scoring: no job will bring it further"),
        ("delivered", "delivered: there is no result"),
        ("failed", "failed: no reason is given"),
        ("no_system", "no_system: no reason is given"),
    ],
)
def test_a_study_that_lacks_what_its_state_promises_is_forgotten(tmp_path: Path, state: str, missing: str) -> None:
    ledger = new_ledger(tmp_path)
    with ledger.write() as session:
        add_instance(session, _IMAGE, says_it_is_ours=False)
        study = session.get_one(StudyRow, STUDY)
        study.state, study.completed_at = state, None if state == "receiving" else 2.0
    with ledger.read() as session:
        account = account_for_studies(session)
    assert account.forgotten == ({STUDY: missing} if missing else {})
    assert account.received == account.scored + account.declined + account.waiting + account.parked == 1
    ledger.close()


def test_a_study_whose_late_image_was_overlooked_is_forgotten(tmp_path: Path) -> None:
    """As it would be when what an earlier round ended with were taken for the end of this one."""
    ledger = new_ledger(tmp_path)
    with ledger.write() as session:
        add_instance(session, _IMAGE, says_it_is_ours=False)
        session.get_one(StudyRow, STUDY).state = "scored"
        add_job(session, "report", "report:1", STUDY, {})
    with ledger.read() as session:
        assert account_for_studies(session).forgotten == {STUDY: "scored: its round was never closed"}
    ledger.close()


def test_a_study_that_waits_for_a_job_is_accounted_for(tmp_path: Path) -> None:
    ledger = new_ledger(tmp_path)
    with ledger.write() as session:
        add_instance(session, _IMAGE, says_it_is_ours=False)
        study = session.get_one(StudyRow, STUDY)
        study.state, study.completed_at = "scoring", 2.0
        add_job(session, "score", "score:1", STUDY, {})
    with ledger.read() as session:
        account = account_for_studies(session)
    assert (account.waiting, account.forgotten) == (1, {})
    ledger.close()


def test_images_whose_study_is_not_known_are_forgotten_and_objects_of_ours_are_not(tmp_path: Path) -> None:
    ledger = new_ledger(tmp_path)
    with ledger.write() as session:
        add_instance(session, _IMAGE, says_it_is_ours=True)
    with ledger.read() as session:
        assert account_for_studies(session).received == 0
    with ledger.write() as session:
        add_instance(session, replace(_IMAGE, content_sha256="cd"), says_it_is_ours=False)
        session.delete(session.get_one(StudyRow, STUDY))
    with ledger.read() as session:
        assert account_for_studies(session).forgotten == {STUDY: "its images are kept, the study is not known"}
    ledger.close()
