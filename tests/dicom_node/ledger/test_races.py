"""Two at one job, the second exactly between the first one's look and its act: only one of them writes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import time
from typing import Any

import pytest
from sqlalchemy import event

from dicom_node.ledger.instances import ReceivedInstance, add_instance
from dicom_node.ledger.jobs import add_job, finish, renew, take_lease, wait_again
from dicom_node.ledger.lease_owner import lease_owner
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.study_progress import move_on, study_to_change
from dicom_node.ledger.tables import JobRow, StudyRow
from dicom_node.queue.celery_app import celery_app
from dicom_node.queue.relay_and_reaper import RelayAndReaper
from tests.dicom_node.ledger.ledgers import STUDY, add_study, job, new_ledger, study
from tests.dicom_node.queue.worker_program import settings_for
from tests.foreign_programs.postgresql import PostgresqlServer

Act = Callable[[Ledger], Any]


@pytest.fixture(scope="module")
def on_postgresql() -> Iterator[Ledger]:
    """There what was read may have changed since. On SQLite a writer is alone from its first look."""
    with tempfile.TemporaryDirectory() as folder:  # its account may not look into pytest's folders
        Path(folder).chmod(0o755)
        with PostgresqlServer(Path(folder) / "server") as server:
            ledger = Ledger(server.url)
            ledger.upgrade()
            add_study(ledger)
            yield ledger
            ledger.close()


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Ledger]:
    ledger = new_ledger(tmp_path)
    add_study(ledger)
    yield ledger
    ledger.close()


@contextmanager
def in_between(ledger: Ledger, before: str, act: Act) -> Iterator[None]:
    """Have somebody else act, once, right before this ledger sends its first statement that begins so."""
    other, pending = Ledger(ledger.url), [act]

    def look(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if pending and statement.startswith(before):
            pending.pop()(other)

    event.listen(ledger.engine, "before_cursor_execute", look)
    try:
        yield
    finally:
        event.remove(ledger.engine, "before_cursor_execute", look)
        other.close()
    assert not pending, f"nothing began with {before!r}"


def new_job(ledger: Ledger, key: str) -> str:
    with ledger.write() as session:
        return add_job(session, "score", key, STUDY, {}).id


def superseded(job_id: str) -> Act:
    def act(ledger: Ledger) -> None:
        with ledger.write() as session:
            session.get_one(JobRow, job_id).state = "superseded"

    return act


def taken(job_id: str) -> Act:
    return lambda ledger: take_lease(ledger, job_id, "b:2:y")


def taken_and_put_off(job_id: str) -> Act:
    def act(ledger: Ledger) -> None:
        take_lease(ledger, job_id, "b:2:y")
        with ledger.write() as session:
            wait_again(session.get_one(JobRow, job_id), run_after=time() + 600)

    return act


@pytest.mark.parametrize(
    ("what", "state", "fencing"),
    [(superseded, "superseded", 0), (taken, "leased", 1), (taken_and_put_off, "waiting", 1)],
)
def test_a_job_that_changed_since_it_was_read_is_not_taken(
    on_postgresql: Ledger, what: Callable[[str], Act], state: str, fencing: int
) -> None:
    """Given a worker that read a waiting job; when it ends, is taken, or is taken and put off before the worker's own
    UPDATE; then that worker gets nothing and changes nothing."""
    job_id = new_job(on_postgresql, what.__name__)
    with in_between(on_postgresql, "UPDATE jobs", what(job_id)):
        assert take_lease(on_postgresql, job_id, "a:1:x") is None
    row = job(on_postgresql, job_id)
    assert (row.state, row.fencing) == (state, fencing)
    assert row.lease_owner == ("b:2:y" if state == "leased" else None)


def test_a_late_image_that_came_since_the_study_was_read_is_seen(on_postgresql: Ledger) -> None:
    """Given a worker that has read its study; when an image comes before it moves the study; then that receives."""
    uid = "2.25.1002"
    add_study(on_postgresql, uid)
    late = ReceivedInstance(
        "1.2.3.1", "1.2.840.10008.5.1.4.1.1.1", uid, "1.2.3", "1.2.840.10008.1.2", "ab", 9, "CR", 1.0
    )
    with on_postgresql.write() as session:
        assert session.get_one(StudyRow, uid).state == "scoring"
        with on_postgresql.write() as other:
            add_instance(other, late, says_it_is_ours=False)
        found = study_to_change(session, uid)
        assert found is not None
        move_on(session, found, "scored", "test", "All sites")
    row = study(on_postgresql, uid)
    assert (row.state, row.round) == ("receiving", 2)


@pytest.mark.parametrize("what", ["renewed", "done", "taken anew"])
def test_a_lease_that_was_kept_after_all_is_not_ended(tmp_path: Path, on_sqlite: Ledger, what: str) -> None:
    """Given a reaper that saw a lease whose process is dead; when that lease is renewed, its job done, or the job taken
    by another before the reaper ends it; then it ends nothing."""
    job_id = new_job(on_sqlite, "k")
    leased = take_lease(on_sqlite, job_id, lease_owner().replace(f":{os.getpid()}:", ":4194303:"))
    assert leased is not None

    def act(ledger: Ledger) -> None:
        with ledger.write() as session:
            if what == "renewed":
                renew(session, leased)
            elif what == "done":
                finish(session, leased)
            else:
                wait_again(session.get_one(JobRow, job_id))
        if what == "taken anew":
            assert take_lease(ledger, job_id, lease_owner()) is not None

    settings = settings_for(tmp_path)
    with in_between(on_sqlite, "BEGIN IMMEDIATE", act):
        RelayAndReaper(on_sqlite, celery_app(settings), settings).turn()
    assert job(on_sqlite, job_id).state == ("done" if what == "done" else "leased")
