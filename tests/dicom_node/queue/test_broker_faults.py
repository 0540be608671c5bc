"""The broker loses everything, is silent, or dies: jobs are in the ledger, so they are done all the same, once each."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from dicom_node.ledger.ledger import Ledger
from dicom_node.queue.celery_app import celery_app, waiting_hints
from dicom_node.queue.relay_and_reaper import RelayAndReaper
from tests.dicom_node.ledger.ledgers import add_jobs, all_done, new_ledger
from tests.dicom_node.queue.worker_program import RunningWorker, journal, settings_for
from tests.dicom_node.receiving.instances import CR, encoded, radiograph
from tests.dicom_node.receiving.listener_process import ListenerProcess
from tests.dicom_node.receiving.raw_sender import AC, RawSender
from tests.foreign_programs.programs import wait_until
from tests.foreign_programs.redis import RedisServer


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = new_ledger(tmp_path)
    yield made
    made.close()


def test_c18_a_broker_that_is_emptied_while_two_hundred_jobs_wait(
    tmp_path: Path, ledger: Ledger, redis_server: RedisServer
) -> None:
    """Given 200 hints on Redis; when FLUSHALL takes them, before a worker comes and again while it works."""
    add_jobs(ledger, 200)
    settings = settings_for(tmp_path, redis_server.url)
    app = celery_app(settings)
    with redis.Redis(port=redis_server.port) as broker, RelayAndReaper(ledger, app, settings):
        wait_until("every job was hinted", lambda: waiting_hints(app, "scoring") == 200, 60)
        broker.flushall()
        with RunningWorker(tmp_path, "scoring", redis_server.url) as worker:
            wait_until("it works", lambda: len(journal(tmp_path, "ended")) >= 20, 60)
            broker.flushall()
            wait_until("every job is done", lambda: all_done(ledger), 120)
            assert worker.stop() == 0
    assert sorted(journal(tmp_path, "ended")) == sorted(f"score-{n}" for n in range(200))


def test_c19_a_broker_that_is_silent_holds_no_sender_and_no_job_is_lost(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    """Given a broker that accepts and says nothing; then studies are received and closed; then it wakes."""
    node = ListenerProcess(tmp_path)
    with (tmp_path / "node.toml").open("a") as config:
        config.write(f'\n[queue]\nurl = "{redis_server.url}"\n')
    assert redis_server.process is not None
    try:
        node.start()
        ledger = Ledger(settings_for(node.data_dir).database_url)
        os.kill(redis_server.process.pid, signal.SIGSTOP)
        try:
            add_jobs(ledger, 5)
            with RawSender(node.port) as sender:
                assert sender.associate().kind == AC
                for _ in range(20):
                    ds = radiograph(BodyPartExamined="SKULL")
                    assert sender.store(CR, ds.SOPInstanceUID, encoded(ds)).status == 0x0000
                sender.release()
            wait_until(
                "every study is closed and routed", lambda: list(node.study_states.values()) == ["no_system"] * 20
            )
        finally:
            os.kill(redis_server.process.pid, signal.SIGCONT)
        with RunningWorker(node.data_dir, "scoring", redis_server.url) as worker:
            wait_until("every job is done", lambda: all_done(ledger), 60)
            assert worker.stop() == 0
        ledger.close()
        assert node.stop() == 0
    finally:
        node.kill()
