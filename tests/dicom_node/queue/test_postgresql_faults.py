"""Jobs on PostgreSQL: two workers, a server that dies in the middle, a server that is silent."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from dicom_node.errors import LedgerBusyError
from dicom_node.ledger.audit_trail import Head, follow_chain
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import JobRow
from dicom_node.ledger.timeline import record
from dicom_node.queue.celery_app import celery_app
from dicom_node.queue.relay_and_reaper import RelayAndReaper
from tests.dicom_node.ledger.ledgers import add_jobs, all_done
from tests.dicom_node.queue.worker_program import RunningWorker, journal, settings_for
from tests.dicom_node.receiving.instances import CR, encoded, radiograph
from tests.dicom_node.receiving.listener_process import ListenerProcess
from tests.dicom_node.receiving.raw_sender import AC, RawSender
from tests.foreign_programs.postgresql import PostgresqlServer
from tests.foreign_programs.programs import wait_until


@pytest.fixture
def ledger(postgresql_server: PostgresqlServer) -> Iterator[Ledger]:
    made = Ledger(postgresql_server.url)
    made.upgrade()
    yield made
    made.close()


def test_three_processes_make_one_ledger_on_postgresql_at_once(postgresql_server: PostgresqlServer) -> None:
    """As listener, worker and page do that start together on an empty database."""
    program = f"from dicom_node.ledger.ledger import Ledger; Ledger({postgresql_server.url!r}).upgrade()"
    makers = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(3)]
    assert [maker.wait(120) for maker in makers] == [0, 0, 0]


def test_c20_postgresql_is_killed_while_two_workers_work(
    tmp_path: Path, ledger: Ledger, postgresql_server: PostgresqlServer
) -> None:
    """Given sixty jobs; when the server dies twice and comes back; then each is done, no outcome stands twice."""
    add_jobs(ledger, 60, seconds=0.05)
    settings = settings_for(tmp_path, "", postgresql_server.url)
    workers = [RunningWorker(tmp_path, "scoring", "", postgresql_server.url) for _ in range(2)]
    with workers[0], workers[1], RelayAndReaper(ledger, celery_app(settings), settings, lease_seconds=5):
        for done in (5, 25):
            wait_until("they work", partial(has_done, tmp_path, done), 120)
            postgresql_server.kill()
            with pytest.raises(LedgerBusyError), ledger.write():
                pass
            postgresql_server.start()
        wait_until("every job is done", lambda: all_done(ledger), 120)
        assert [worker.stop() for worker in workers] == [0, 0]
    assert max(Counter(journal(tmp_path, "ended")).values()) == 1
    with ledger.read() as session:
        assert isinstance(follow_chain(session), Head)
        assert set(session.scalars(select(JobRow.error_code).where(JobRow.error_code.is_not(None)))) == set()


def test_c20_a_silent_postgresql_holds_nobody(
    tmp_path: Path, ledger: Ledger, postgresql_server: PostgresqlServer
) -> None:
    """Given a server that is stopped with all its processes; then a store is refused and an echo answered."""
    node = ListenerProcess(tmp_path)
    with (tmp_path / "node.toml").open("a") as config:
        config.write(f'\n[database]\nurl = "{postgresql_server.url}"\n')
    try:
        node.start()
        with RawSender(node.port, seconds=60) as sender:
            assert sender.associate().kind == AC
            assert store_one(sender) == 0x0000
            pause(postgresql_server, signal.SIGSTOP)
            try:
                assert store_one(sender) == 0xA700
                assert sender.echo().status == 0x0000
            finally:
                pause(postgresql_server, signal.SIGCONT)
            assert store_one(sender) == 0x0000, "it recovers by itself"
            sender.release()
        assert node.stop() == 0
    finally:
        node.kill()
    with ledger.write() as session:
        record(session, "1.2", "test", "received", "after")
    with ledger.read() as session:
        assert isinstance(follow_chain(session), Head)


def has_done(folder: Path, jobs: int) -> bool:
    return len(journal(folder, "ended")) >= jobs


def store_one(sender: RawSender) -> int:
    ds = radiograph()
    return sender.store(CR, ds.SOPInstanceUID, encoded(ds)).status


def pause(server: PostgresqlServer, how: signal.Signals) -> None:
    for process in server.processes:
        process.send_signal(how)
