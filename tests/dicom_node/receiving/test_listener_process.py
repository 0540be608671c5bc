"""`rheumascore listen` as a process of its own: its weight, its end, and what it keeps when it is killed."""

from __future__ import annotations

import ctypes
import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dicom_node.ledger.ledgers import new_ledger
from tests.dicom_node.receiving.instances import CR, encoded, radiograph
from tests.dicom_node.receiving.listener_process import ListenerProcess
from tests.dicom_node.receiving.raw_sender import AC, RawSender, store_command
from tests.foreign_programs.dcmtk import echoscu
from tests.foreign_programs.programs import answers_on, wait_until

_RESTING_MEGABYTES = 120


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[ListenerProcess]:
    made = ListenerProcess(tmp_path)
    yield made
    made.kill()


def test_at_rest_it_is_light_and_without_torch(listener: ListenerProcess) -> None:
    """As on every day but the first, when it has made the tables: what makes them takes 12 MB."""
    listener.data_dir.mkdir()
    new_ledger(listener.data_dir).close()
    process = listener.start()
    assert echoscu(listener.port).returncode == 0
    assert f"listening as RHEUMASCORE on 127.0.0.1:{listener.port}\n" in listener.log
    assert process.memory_info().rss < _RESTING_MEGABYTES * 1_000_000
    loaded = {Path(m.path).name for m in process.memory_maps()}
    assert not [name for name in loaded if "torch" in name]


def test_sigterm_lets_a_store_end(listener: ListenerProcess) -> None:
    listener.start()
    ds = radiograph()
    data_set = encoded(ds)
    with RawSender(listener.port) as sender:
        sender.associate()
        sender.send_command(store_command(CR, ds.SOPInstanceUID))
        sender.send_data(data_set[:100], last=False)
        wait_until("the store runs", lambda: listener.leftovers)
        assert listener.process is not None
        listener.process.send_signal(signal.SIGTERM)
        wait_until("it stopped listening", lambda: not answers_on(listener.port))
        sender.send_data(data_set[100:], last=True)
        assert sender.receive().status == 0x0000
    assert listener.process.wait(90) == 0


def test_sigterm_ends_it_whichever_thread_the_kernel_gives_it_to(listener: ListenerProcess) -> None:
    """Under a tracer the main thread may be stopped just then, and nobody connects who would wake it."""
    process = listener.start()
    assert echoscu(listener.port).returncode == 0
    others = [thread.id for thread in process.threads() if thread.id != process.pid]
    assert ctypes.CDLL(None, use_errno=True).tgkill(process.pid, others[0], signal.SIGTERM) == 0
    assert listener.process is not None
    assert listener.process.wait(90) == 0


def test_a_taken_port_ends_it_with_what_to_do(listener: ListenerProcess, tmp_path: Path) -> None:
    listener.start()
    second = subprocess.run(
        [
            sys.executable,
            "-c",
            "from scoring.cli import main; main()",
            "listen",
            "--config",
            str(tmp_path / "node.toml"),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 1
    assert str(listener.port) in second.stderr and "node.port" in second.stderr
    assert "Traceback" not in second.stderr


def test_what_was_acknowledged_survives_kill_9(listener: ListenerProcess) -> None:
    dice = random.Random(7)
    acknowledged: dict[str, str] = {}

    def send_until_killed() -> None:
        try:
            with RawSender(listener.port, seconds=5) as sender:
                if sender.associate().kind != AC:
                    return
                while True:
                    ds = radiograph(PixelData=os.urandom(60_000))
                    data_set = encoded(ds)
                    answer = sender.store(CR, ds.SOPInstanceUID, data_set)
                    if answer.kind != 4 or answer.status != 0:
                        return
                    acknowledged[ds.SOPInstanceUID] = hashlib.sha256(data_set).hexdigest()
        except OSError:
            return

    for _ in range(3):
        listener.start()
        senders = [threading.Thread(target=send_until_killed) for _ in range(3)]
        before = len(acknowledged)
        for thread in senders:
            thread.start()
        wait_until("stores are acknowledged", lambda at=before: len(acknowledged) > at + 5)
        time.sleep(dice.random() / 5)
        listener.kill()
        for thread in senders:
            thread.join()
    listener.start()
    assert listener.stop() == 0
    rows = listener.rows
    assert len({row.sop_instance_uid for row in rows}) == len(rows), "once each"
    kept = {row.sop_instance_uid: row.content_sha256 for row in rows}
    assert acknowledged.items() <= kept.items()
    for row in rows:
        assert hashlib.sha256(listener.data_set(row.content_sha256)).hexdigest() == row.content_sha256
    assert listener.leftovers == [], "leftovers of killed writers are gone"
