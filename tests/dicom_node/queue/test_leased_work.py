"""A hint is a promise of nothing: whatever it leads to, the worker goes on, and the ledger says what became of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from dicom_node.errors import ContentNotWrittenError
from dicom_node.ledger.jobs import LeasedJob, finish, take_lease
from dicom_node.ledger.ledger import Ledger
from dicom_node.queue.leased_work import do_leased
from tests.dicom_node.ledger.ledgers import add_jobs, add_study, job, new_ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = new_ledger(tmp_path)
    add_study(made)
    yield made
    made.close()


def test_a_hint_to_a_job_that_somebody_has_does_nothing(ledger: Ledger) -> None:
    [job_id] = add_jobs(ledger, 1)
    theirs = take_lease(ledger, job_id, "a:1:x")
    done: list[LeasedJob] = []
    assert do_leased(ledger, job_id, done.append, attempts_allowed=3) is None
    assert (done, job(ledger, job_id).lease_owner) == ([], "a:1:x")
    assert theirs is not None
    with ledger.write() as session:
        finish(session, theirs)
    assert do_leased(ledger, job_id, done.append, attempts_allowed=3) is None
    assert done == []


@pytest.mark.parametrize(
    ("error", "levels"),
    [
        (ContentNotWrittenError("No room."), [logging.WARNING]),
        (ZeroDivisionError(), [logging.ERROR, logging.WARNING]),
    ],
)
def test_a_failure_is_in_the_ledger_and_only_one_that_nobody_foresaw_is_traced(
    ledger: Ledger, caplog: pytest.LogCaptureFixture, error: Exception, levels: list[int]
) -> None:
    [job_id] = add_jobs(ledger, 1)

    def breaks(_: LeasedJob) -> None:
        raise error

    assert do_leased(ledger, job_id, breaks, attempts_allowed=3) is not None
    row = job(ledger, job_id)
    assert (row.state, bool(row.error_code)) == ("waiting", True)
    said = [record for record in caplog.records if record.name == "dicom_node.queue.leased_work"]
    assert [record.levelno for record in said] == levels
    assert [record.exc_info is not None for record in said] == [level == logging.ERROR for level in levels]
