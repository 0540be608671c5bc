"""Hazards of the machine: disk full, ledger away, no descriptors left. 0xA700, nothing left behind, and it recovers."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.dicom_node.receiving.instances import CR, encoded, radiograph
from tests.dicom_node.receiving.raw_sender import AC, store_command
from tests.foreign_programs.programs import wait_until
from tests.hazards.attacked_node import SUCCESS, AttackedNode

_MEGABYTE = 1 << 20
_OUT_OF_RESOURCES = 0xA700


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AttackedNode]:
    """A node whose data_dir is a file system of 24 MB. Only root may mount one: then the tests must run."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    node = AttackedNode(tmp_path_factory.mktemp("small"), limits="free_disk_bytes = 2000000")
    node.data_dir.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(node.data_dir)], check=False)
    if mounted.returncode:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("a small disk cannot be mounted here")
    try:
        node.start()
        yield node
    finally:
        node.kill()
        subprocess.run(["umount", str(node.data_dir)], check=True)


class Ballast:
    """A file that takes the room of a disk."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ballast"

    def leave(self, free: int) -> None:
        """Fill the disk until only so much is left."""
        room = os.statvfs(self._path.parent)
        wanted = room.f_bavail * room.f_frsize - free
        with self._path.open("ab") as file:
            while wanted > 0:
                wanted -= file.write(bytes(min(wanted, _MEGABYTE)))

    def remove(self) -> None:
        self._path.unlink()


@pytest.fixture
def ballast(small_disk: AttackedNode) -> Iterator[Ballast]:
    made = Ballast(small_disk.data_dir)
    yield made
    made.remove()
    small_disk.assert_unharmed()


def test_m01_below_the_mark_nothing_is_begun(small_disk: AttackedNode, ballast: Ballast) -> None:
    ballast.leave(1_500_000)
    with small_disk.sender() as sender:
        sender.associate()
        assert sender.store_one() == _OUT_OF_RESOURCES
        assert sender.echo().status == SUCCESS
        sender.end()


def test_m01_the_disk_is_full_in_mid_store(small_disk: AttackedNode, ballast: Ballast) -> None:
    ballast.leave(3_000_000)
    with small_disk.sender() as sender:
        sender.associate()
        for _ in range(20):
            assert sender.store_one(PixelData=bytes(4 * _MEGABYTE)) == _OUT_OF_RESOURCES
            assert sender.echo().status == SUCCESS
        assert small_disk.leftovers == []
        sender.end()


def test_m01_the_disk_is_full_when_the_ledger_is_written(small_disk: AttackedNode, ballast: Ballast) -> None:
    ds = radiograph()
    data_set = encoded(ds)
    with small_disk.sender() as sender:
        sender.associate()
        sender.send_command(store_command(CR, ds.SOPInstanceUID))
        sender.send_data(data_set[:-10], last=False)
        wait_until("it is on disk", lambda: any(path.stat().st_size > len(data_set) for path in small_disk.leftovers))
        with pytest.raises(OSError):
            ballast.leave(-_MEGABYTE)
        sender.send_data(data_set[-10:], last=True)
        assert sender.receive().status == _OUT_OF_RESOURCES
        assert sender.echo().status == SUCCESS
        ballast.remove()
        ballast.leave(10 * _MEGABYTE)
        assert sender.store(CR, ds.SOPInstanceUID, data_set).status == SUCCESS, "it recovers by itself"
        sender.end()


def test_m02_a_ledger_without_its_table(node: AttackedNode) -> None:
    with node.sender() as sender, closing(sqlite3.connect(node.data_dir / "ledger.sqlite3")) as ledger:
        sender.associate()
        ledger.execute("ALTER TABLE instances RENAME TO away")
        try:
            ds = radiograph()
            answer = sender.store(CR, ds.SOPInstanceUID, encoded(ds))
            assert (answer.status, answer.comment) == (_OUT_OF_RESOURCES, "disk or ledger cannot be written")
            assert sender.echo().status == SUCCESS
        finally:
            ledger.execute("ALTER TABLE away RENAME TO instances")
        assert sender.store(CR, ds.SOPInstanceUID, encoded(ds)).status == SUCCESS, "it recovers by itself"
        sender.end()


def test_m02_a_ledger_that_is_locked_for_a_while(node: AttackedNode) -> None:
    """Somebody else writes for a second, less than a store waits: stores wait, echoes do not."""
    with node.sender() as waiting, node.sender() as other, closing(_writer(node)) as ledger:
        assert waiting.associate().kind == other.associate().kind == AC
        ledger.execute("BEGIN IMMEDIATE")
        release = threading.Timer(1, lambda: None)
        release.start()
        statuses: list[int] = []
        store = threading.Thread(target=lambda: statuses.append(waiting.store_one()))
        store.start()
        while release.is_alive():
            assert other.echo().status == SUCCESS
            release.join(0.2)
        ledger.execute("ROLLBACK")
        store.join()
        assert statuses == [SUCCESS]
        waiting.end()
        other.end()


def test_m02_a_ledger_that_stays_locked(node: AttackedNode) -> None:
    """Whoever holds it never lets go: the sender is told so in some seconds, and taken at once when it is free."""
    with node.sender() as waiting, node.sender() as other, closing(_writer(node)) as ledger:
        assert waiting.associate().kind == other.associate().kind == AC
        ledger.execute("BEGIN IMMEDIATE")
        statuses: list[int] = []
        store = threading.Thread(target=lambda: statuses.append(waiting.store_one()))
        store.start()
        while store.is_alive():
            assert other.echo().status == SUCCESS
            store.join(0.2)
        assert statuses == [_OUT_OF_RESOURCES], "while it is still locked"
        assert waiting.echo().status == SUCCESS
        ledger.execute("ROLLBACK")
        assert waiting.store_one() == SUCCESS, "it recovers by itself"
        waiting.end()
        other.end()


def test_m02_a_ledger_that_is_gone(node: AttackedNode) -> None:
    """Somebody moves the file away under the running node: nothing is acknowledged into the void."""
    file, away = node.data_dir / "ledger.sqlite3", node.data_dir / "moved.sqlite3"
    with node.sender() as sender:
        sender.associate()
        assert sender.store_one() == SUCCESS
        file.rename(away)
        try:
            assert sender.store_one() == _OUT_OF_RESOURCES
            assert sender.echo().status == SUCCESS
        finally:
            away.rename(file)
        assert sender.store_one() == SUCCESS, "it recovers by itself"
        sender.end()


def _writer(node: AttackedNode) -> sqlite3.Connection:
    return sqlite3.connect(node.data_dir / "ledger.sqlite3", isolation_level=None)


def test_n01_a_process_with_64_descriptors(tmp_path: Path) -> None:
    """Idle sockets take every descriptor it has; an honest sender is served all the same."""
    limit = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))"
    node = AttackedNode(tmp_path, program=f"{limit}; from scoring.cli import main; main()")
    node.start()
    try:
        with ExitStack() as opened:
            for _ in range(150):
                opened.enter_context(node.sender())
            assert node.serves()
            assert node.measured.num_fds() < 64
        node.assert_unharmed()
    finally:
        node.kill()
