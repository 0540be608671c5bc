"""From the ledger to the queue and back: no flood, no lost job, no stolen lease."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from time import time

import pytest
from celery import Celery

from dicom_node.ledger.jobs import add_job, finish, renew, take_lease
from dicom_node.ledger.lease_owner import lease_owner
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import JobRow
from dicom_node.queue import relay_and_reaper
from dicom_node.queue.celery_app import celery_app, hint, waiting_hints
from dicom_node.queue.relay_and_reaper import RelayAndReaper
from tests.dicom_node.ledger.ledgers import STUDY, job, new_ledger
from tests.dicom_node.queue.worker_program import settings_for
from tests.foreign_programs.programs import wait_until


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = new_ledger(tmp_path)
    yield made
    made.close()


@pytest.fixture
def app(tmp_path: Path) -> Celery:
    return celery_app(settings_for(tmp_path))


@pytest.fixture
def relay(tmp_path: Path, ledger: Ledger, app: Celery) -> RelayAndReaper:
    return RelayAndReaper(ledger, app, settings_for(tmp_path), lease_seconds=0.3)


def new_job(ledger: Ledger, key: str = "k") -> str:
    with ledger.write() as session:
        return add_job(session, "score", key, STUDY, {}).id


def set_job(ledger: Ledger, job_id: str, **values: object) -> None:
    with ledger.write() as session:
        for name, value in values.items():
            setattr(session.get_one(JobRow, job_id), name, value)


def test_thousands_waiting_do_not_flood_the_queue(ledger: Ledger, app: Celery, relay: RelayAndReaper) -> None:
    """Given 1,000 jobs and no worker; when the relay turns again and again; then the queue holds a few of them."""
    with ledger.write() as session:
        for number in range(1000):
            add_job(session, "score", str(number), STUDY, {})
    for _ in range(3):
        relay.turn()
    assert waiting_hints(app, "scoring") == 200
    assert app.control.purge() == 200
    set_hinted_long_ago(ledger)
    relay.turn()
    assert waiting_hints(app, "scoring") == 200


def set_hinted_long_ago(ledger: Ledger) -> None:
    with ledger.write() as session:
        session.execute(JobRow.__table__.update().values(hinted_at=time() - 5))


def test_a_hint_that_was_lost_is_given_again(ledger: Ledger, app: Celery, relay: RelayAndReaper) -> None:
    job_id = new_job(ledger)
    relay.turn()
    app.control.purge()
    relay.turn()
    assert waiting_hints(app, "scoring") == 0  # it may be on its way to a worker
    set_hinted_long_ago(ledger)
    relay.turn()
    assert waiting_hints(app, "scoring") == 1
    assert job(ledger, job_id).state == "waiting"


def test_a_job_is_hinted_only_when_it_is_due(ledger: Ledger, app: Celery, relay: RelayAndReaper) -> None:
    later, set_back = new_job(ledger, "later"), new_job(ledger, "clock was set back")
    set_job(ledger, later, run_after=time() + 60)
    set_job(ledger, set_back, run_after=time() + 86_400, hinted_at=time() + 86_400)
    relay.turn()
    assert (job(ledger, later).hinted_at is None, waiting_hints(app, "scoring")) == (True, 1)
    assert (job(ledger, set_back).hinted_at or 0) < time() + 1


def test_an_announcement_is_heard_at_once(ledger: Ledger, app: Celery, relay: RelayAndReaper) -> None:
    with relay:
        new_job(ledger)
        relay.announce()
        wait_until("the hint is there", lambda: waiting_hints(app, "scoring"))


def test_a_lease_that_is_renewed_is_kept_whatever_the_clock_says(
    ledger: Ledger, relay: RelayAndReaper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a lease that the clock of the wall calls long over; when its living owner renews it, a third of a lease
    later each time; then it stays; and once it does not for a lease, it is over."""
    seconds = [100.0]
    monkeypatch.setattr(relay_and_reaper, "monotonic", lambda: seconds[0])
    job_id = new_job(ledger)
    leased = take_lease(ledger, job_id, "elsewhere:1:1-1")
    assert leased is not None
    set_job(ledger, job_id, lease_until=time() - 3600)
    relay.turn()
    for _ in range(5):
        with ledger.write() as session:
            renew(session, leased)
        seconds[0] += 0.1
        relay.turn()
        seconds[0] += 0.1
        relay.turn()
    assert job(ledger, job_id).state == "leased"
    seconds[0] += 0.31
    relay.turn()
    assert job(ledger, job_id).state == "waiting"


def test_a_lease_that_nobody_renews_ends_and_its_owner_cannot_write(ledger: Ledger, relay: RelayAndReaper) -> None:
    """Given an owner of another machine, of whom nothing is known; when it is silent for a lease; then it is over."""
    job_id = new_job(ledger)
    leased = take_lease(ledger, job_id, "elsewhere:1:1-1")
    assert leased is not None
    set_job(ledger, job_id, lease_until=time() + 86_400)  # its clock is ahead
    relay.turn()
    assert job(ledger, job_id).state == "leased"

    def ended() -> bool:
        relay.turn()
        return job(ledger, job_id).state == "waiting"

    wait_until("the lease ends", ended)
    assert take_lease(ledger, job_id, lease_owner()) is not None
    with pytest.raises(Exception, match="has ended"), ledger.write() as session:
        finish(session, leased)


def test_the_lease_of_a_process_that_is_dead_ends_at_once(ledger: Ledger, relay: RelayAndReaper) -> None:
    job_id = new_job(ledger)
    dead = lease_owner().replace(f":{os.getpid()}:", ":4194303:")
    assert take_lease(ledger, job_id, dead) is not None
    relay.turn()
    assert job(ledger, job_id).state == "waiting"


def test_when_the_broker_is_away_the_job_is_not_taken_for_hinted(tmp_path: Path, ledger: Ledger) -> None:
    settings = settings_for(tmp_path, "redis://127.0.0.1:1")
    job_id = new_job(ledger)
    RelayAndReaper(ledger, celery_app(settings), settings).turn()
    assert job(ledger, job_id).hinted_at is None


def test_a_hint_for_a_job_that_is_done_is_harmless(ledger: Ledger, app: Celery, relay: RelayAndReaper) -> None:
    job_id = new_job(ledger)
    leased = take_lease(ledger, job_id, lease_owner())
    assert leased is not None
    with ledger.write() as session:
        finish(session, leased)
    assert hint(app, "score", job_id)
    assert take_lease(ledger, job_id, lease_owner()) is None
