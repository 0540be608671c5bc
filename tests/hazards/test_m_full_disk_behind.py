"""Hazards of the machine behind the listener: no room, no inodes, read-only while results and ledger are written.

Whatever is refused, nothing half-written stays, the job waits with a code that says so, and it goes on by itself.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from dicom_node.content_store import why_not_writable
from dicom_node.disk_forecast import forecast_disk
from dicom_node.errors import ContentNotWrittenError, LedgerBusyError
from dicom_node.ledger.audit_trail import Head, follow_chain
from dicom_node.ledger.timeline import record, timeline_of
from tests.dicom_node.delivery.driven_node import DrivenNode
from tests.dicom_node.delivery.scripted_pacs import ScriptedPacs

STUDY = "1.2.3.1"
_INODES = 900


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data_dir of a node with one result whose report is to be written."""
    folder = tmp_path_factory.mktemp("scored") / "data"
    with DrivenNode(folder) as made:
        made.set_peers(replace(ScriptedPacs().peer, storage_commitment=False))
        made.score(STUDY)
    return folder


@pytest.fixture
def disk(scored: Path, tmp_path: Path) -> Iterator[Path]:
    """The same on a file system of its own, of 64 MB and 900 inodes. Only root may mount one."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = tmp_path / "data"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size=64m,nr_inodes={_INODES}", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False).returncode:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("a small disk cannot be mounted here")
    try:
        shutil.copytree(scored, folder, dirs_exist_ok=True)
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # a child may still be ending in it


@contextmanager
def no_room(disk: Path, leaving: int) -> Iterator[None]:
    """Fill it until so many bytes are left."""
    ballast = disk / "ballast"
    room = os.statvfs(disk)
    with ballast.open("wb") as file:
        file.write(bytes(room.f_bavail * room.f_frsize - leaving))
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def no_inodes(disk: Path) -> Iterator[None]:
    """Make empty files until there may be no more."""
    folder = disk / "empty"
    folder.mkdir()
    for number in range(os.statvfs(disk).f_ffree):
        (folder / str(number)).touch()
    try:
        yield
    finally:
        shutil.rmtree(folder)


@contextmanager
def read_only(disk: Path) -> Iterator[None]:
    """As after a fault of the disk itself."""
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)


def test_m01_the_disk_is_full_when_results_are_written(disk: Path) -> None:
    """Given room for the ledger and none for the pictures; then the job waits with RS-314 and nothing half is left."""
    with DrivenNode(disk) as node, ScriptedPacs() as pacs:
        node.set_peers(replace(pacs.peer, storage_commitment=False))
        before = _files(disk)
        with no_room(disk, leaving=2_000_000):
            node.run()
            [job] = node.jobs("waiting")
            assert (job.kind, job.error_code, job.attempts) == ("report", "RS-314", 0)
            assert not list((disk / "incoming").iterdir())
            with node.ledger.read() as session:
                assert forecast_disk(session, disk, 10_000_000, 0.0).is_full, "health and page say so"
        _goes_on(node, before, disk)
        assert [state for *_, state in node.deliveries("pacs")] == ["sent"] * len(pacs.kept)


def test_m01_the_disk_is_full_when_the_audit_trail_is_written(disk: Path) -> None:
    """Given no byte of room; then an act and its entry are both refused, and the chain goes on afterwards."""
    with DrivenNode(disk) as node:
        with no_room(disk, leaving=0), pytest.raises(LedgerBusyError):
            for _ in range(1000):  # what room the ledger's own files still hold
                _note(node, "x" * 10_000)
        with node.ledger.read() as session:
            kept = len(timeline_of(session, STUDY))
        _note(node, "There is room again.")
        with node.ledger.read() as session:
            assert len(timeline_of(session, STUDY)) == kept + 1
            assert isinstance(follow_chain(session), Head)


def test_m01_there_are_no_inodes(disk: Path) -> None:
    with DrivenNode(disk) as node:
        before = _files(disk)
        with no_inodes(disk):
            assert why_not_writable(disk) == "No space left on device"
            with pytest.raises(ContentNotWrittenError):
                node.workplace.store.put(b"new")
            node.run("report")
            assert [job.error_code for job in node.jobs("waiting")] == ["RS-314"]
        _goes_on(node, before, disk)


def test_m01_the_disk_is_read_only(disk: Path) -> None:
    """Given a file system that went read-only; then store and ledger refuse, and go on when it can be written again."""
    node = DrivenNode(disk)
    node.workplace.close()
    node.ledger.close()  # a file that is open for writing forbids the mount to change
    with read_only(disk):
        assert why_not_writable(disk) == "Read-only file system"
        with pytest.raises(ContentNotWrittenError):
            node.workplace.store.put(b"new")
        with pytest.raises(LedgerBusyError):
            _note(node, "No.")
        node.ledger.close()
    with node:
        assert why_not_writable(disk) == ""
        _note(node, "Yes.")
        with node.ledger.read() as session:
            assert isinstance(follow_chain(session), Head)
            assert timeline_of(session, STUDY)[-1].text == "Yes."


def _goes_on(node: DrivenNode, before: set[str], disk: Path) -> None:
    """There is room again: what waited is done, and only whole files came."""
    node.run()
    assert not [job for job in node.jobs("waiting") if job.kind == "report"]
    new = _files(disk) - before
    assert new
    assert not [name for name in new if not name.startswith("content/")]


def _note(node: DrivenNode, words: str) -> None:
    with node.ledger.write() as session:
        record(session, STUDY, "test", "noted", words)


def _files(disk: Path) -> set[str]:
    """What lies below data_dir, the database's own files apart."""
    found = (path.relative_to(disk).as_posix() for path in disk.rglob("*") if path.is_file())
    return {name for name in found if not name.startswith(("ledger.", "queue."))}
