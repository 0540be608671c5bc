"""Jobs through real workers in processes of their own, on each kind of broker: none lost, none done twice."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from dicom_node.ledger.ledger import Ledger
from dicom_node.queue.celery_app import EMBEDDED_FILE, celery_app, hint
from dicom_node.queue.relay_and_reaper import RelayAndReaper
from tests.dicom_node.ledger.ledgers import add_jobs, all_done, new_ledger
from tests.dicom_node.queue.worker_program import RunningWorker, journal, settings_for
from tests.foreign_programs.programs import wait_until


@pytest.fixture(params=["embedded", "redis", "rabbitmq"])
def url(request: pytest.FixtureRequest) -> str:
    """``[queue] url`` of each kind of broker."""
    if request.param == "embedded":
        return ""
    return str(request.getfixturevalue(f"{request.param}_server").url)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = new_ledger(tmp_path)
    yield made
    made.close()


def messages_left(data_dir: Path) -> list[str]:
    file = sqlite3.connect(data_dir / EMBEDDED_FILE)
    try:
        rows = file.execute("select queue from messages union all select queue from bindings where seen is not null")
        return [queue for (queue,) in rows]
    finally:
        file.close()


def test_many_jobs_once_each_by_two_workers(tmp_path: Path, ledger: Ledger, url: str) -> None:
    """Given jobs of both queues in the ledger, more than are hinted at a time; when two workers run and the relay tells
    them; then each is done once and nothing stays on the queue."""
    count = 40 if url else 220
    add_jobs(ledger, count)
    add_jobs(ledger, 40, "report")
    settings = settings_for(tmp_path, url)
    app = celery_app(settings)
    with (
        RunningWorker(tmp_path, "scoring", url) as scoring,
        RunningWorker(tmp_path, "delivery", url) as delivery,
        RelayAndReaper(ledger, app, settings),
    ):
        wait_until("every job is done", lambda: all_done(ledger), 60)
        assert (scoring.stop(), delivery.stop()) == (0, 0)
    assert set(Counter(journal(tmp_path, "began")).values()) == {1}
    assert len(journal(tmp_path, "ended")) == count + 40
    if not url:
        assert messages_left(tmp_path) == []


def test_a_worker_killed_in_the_middle_of_a_job(tmp_path: Path, ledger: Ledger, url: str) -> None:
    """Given a worker killed with SIGKILL in its job; when another starts; then that job runs again, and once."""
    [job_id] = add_jobs(ledger, 1, seconds=1.0)
    settings = settings_for(tmp_path, url)
    app = celery_app(settings)
    with RelayAndReaper(ledger, app, settings):
        with RunningWorker(tmp_path, "scoring", url) as worker:
            wait_until("the job begins", lambda: journal(tmp_path, "began"))
            worker.kill()
        with RunningWorker(tmp_path, "scoring", url) as worker:
            wait_until("the job is done", lambda: all_done(ledger))
            assert hint(app, "score", job_id)  # given once more, it does nothing
            assert worker.stop() == 0
    assert journal(tmp_path, "began") == ["score-0", "score-0"]
    assert journal(tmp_path, "ended") == ["score-0"]


def test_a_worker_told_to_stop_finishes_its_job(tmp_path: Path, ledger: Ledger, url: str) -> None:
    add_jobs(ledger, 2, seconds=1.0)
    settings = settings_for(tmp_path, url)
    app = celery_app(settings)
    with RelayAndReaper(ledger, app, settings), RunningWorker(tmp_path, "scoring", url) as worker:
        wait_until("the job begins", lambda: journal(tmp_path, "began"))
        assert worker.stop() == 0
    assert journal(tmp_path, "ended") == journal(tmp_path, "began")
    assert (tmp_path / "warm").exists()


def test_two_workers_start_together_on_an_empty_folder(tmp_path: Path) -> None:
    """Given nothing but a folder; when two workers make ledger and queue at once; then both work."""
    with RunningWorker(tmp_path) as one, RunningWorker(tmp_path) as two:
        wait_until("both made the queue", (tmp_path / EMBEDDED_FILE).exists)
        ledger = new_ledger(tmp_path)
        add_jobs(ledger, 20)
        settings = settings_for(tmp_path)
        app = celery_app(settings)
        with RelayAndReaper(ledger, app, settings):
            wait_until("every job is done", lambda: all_done(ledger))
        alive = wait_until(
            "both answer", lambda: len(replies) == 2 and replies if (replies := app.control.ping(timeout=1)) else []
        )
        assert all(reply for reply in alive)
        assert (one.stop(), two.stop()) == (0, 0)
        ledger.close()
    assert messages_left(tmp_path) == []
