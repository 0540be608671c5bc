"""A backup holds what the ledger named at its moment; what is damaged is named; a restore replaces nothing."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import create_engine, text

from dicom_node.backup.backup_folder import BackupFolder, copy_file
from dicom_node.backup.ledger_copy import SQLITE_NAME, copy_ledger
from dicom_node.backup.make_backup import MadeBackup, check_backup, make_backup
from dicom_node.backup.restore_backup import RestoredBackup, restore_backup
from dicom_node.content_store import ContentStore
from dicom_node.errors import BackupError
from dicom_node.ledger.audit_heads import check_trail
from dicom_node.ledger.audit_trail import Head
from dicom_node.ledger.ledger import Ledger
from dicom_node.receiving.inbox import Inbox
from dicom_node.secret import Secret
from dicom_node.settings import DatabaseSection, LimitsSection, NodeSection, NodeSettings
from tests.dicom_node.delivery.driven_node import DrivenNode
from tests.dicom_node.delivery.scripted_pacs import ScriptedPacs
from tests.dicom_node.disk_steps import watched_steps
from tests.dicom_node.receiving.instances import radiograph, write_file
from tests.foreign_programs.postgresql import PostgresqlServer

T = TypeVar("T")
STUDY = "1.2.3.1"


def track(things: Sequence[T], _: str) -> Sequence[T]:
    """Shows nothing."""
    return things


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data_dir of a node with one study whose report waits for a PACS that is away."""
    folder = tmp_path_factory.mktemp("written") / "data"
    with DrivenNode(folder) as made:
        made.set_peers(replace(ScriptedPacs().peer, storage_commitment=False))
        made.score(STUDY)
        made.run("report")
    return folder


@pytest.fixture
def node(written: Path, tmp_path: Path) -> Iterator[DrivenNode]:
    shutil.copytree(written, tmp_path / "data")
    with DrivenNode(tmp_path / "data") as made:
        yield made


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgresqlServer]:
    with tempfile.TemporaryDirectory() as folder:  # its account may not look into pytest's folders
        Path(folder).chmod(0o755)
        with PostgresqlServer(Path(folder) / "server") as server:
            yield server


def back_up(node: DrivenNode, folder: Path) -> MadeBackup:
    return make_backup(node.workplace.settings, node.ledger, folder, track)


def restored(node: DrivenNode, source: Path, data_dir: Path, **how: bool) -> RestoredBackup:
    settings = node.workplace.settings
    return restore_backup(replace(settings, node=replace(settings.node, data_dir=data_dir)), source, track, **how)


def contents(data_dir: Path) -> dict[str, bytes]:
    """Everything that is kept in the store, by its path."""
    folders = ("instances", "content")
    return {
        str(p.relative_to(data_dir)): p.read_bytes() for f in folders for p in (data_dir / f).rglob("*") if p.is_file()
    }


def receive(node: DrivenNode, file: Path) -> None:
    Inbox(node.workplace.store, node.ledger, LimitsSection(free_disk_bytes=1)).receive_file(file, "SENDER")


def test_what_is_restored_is_what_was_there_and_goes_on_with_the_same_bytes(node: DrivenNode, tmp_path: Path) -> None:
    """Given a backup, and a report that was delivered after it; then the restored node delivers it again, the same."""
    made = back_up(node, tmp_path / "backups")
    assert (made.kept, made.faults) == (0, [])
    before = node.status(STUDY)
    with ScriptedPacs() as pacs:
        node.set_peers(replace(pacs.peer, storage_commitment=False))
        node.run()
        first = list(pacs.kept)
        assert node.status(STUDY)["state"] == "delivered"
        done = restored(node, tmp_path / "backups", tmp_path / "elsewhere")
        assert (done.files, done.left_out) == (made.copied, ())
        assert contents(tmp_path / "elsewhere") == contents(tmp_path / "data")
        with DrivenNode(tmp_path / "elsewhere") as again:
            assert again.status(STUDY)["results"] == before["results"]
            again.set_peers(replace(pacs.peer, storage_commitment=False))
            again.run()
            assert again.status(STUDY)["state"] == "delivered"
            assert pacs.kept == first + first, "the same objects, the same bytes"
            with again.ledger.read() as session:
                assert isinstance(check_trail(session, tmp_path / "elsewhere"), Head)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_every_file_is_on_disk_before_it_has_its_name_and_the_ledger_before_the_manifest(
    node: DrivenNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = watched_steps(monkeypatch)
    made = back_up(node, tmp_path / "backups")
    named = [(at, Path(target)) for at, (step, target) in enumerate(steps) if step == "rename"]
    assert len(named) == made.copied + 1, "each file that was copied, and the manifest"
    for at, target in named:
        assert ("fsync", f"{target}.part") in steps[:at], target
        assert ("fsync", str(target.parent)) in steps[at:], target
    last, manifest = named[-1]
    assert manifest.parent == made.folder
    assert ("fsync", str(made.folder / SQLITE_NAME)) in steps[:last]


def test_a_disk_that_keeps_other_bytes_than_it_was_given_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a disk that changes a byte on its way; when a file is copied there, then it never gets its name."""
    (tmp_path / "source").write_bytes(b"whole")
    sync = os.fsync

    def unsound(descriptor: int) -> None:
        sync(descriptor)
        os.pwrite(descriptor, b"W", 0)

    monkeypatch.setattr(os, "fsync", unsound)
    with pytest.raises(BackupError, match="reads back other than it was written"):
        copy_file(tmp_path / "source", tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_a_second_backup_copies_what_is_new(node: DrivenNode, tmp_path: Path) -> None:
    first = back_up(node, tmp_path / "backups")
    receive(node, write_file(tmp_path / "new.dcm", radiograph()))
    second = back_up(node, tmp_path / "backups")
    assert (second.copied, second.kept) == (1, first.copied)
    assert check_backup(tmp_path / "backups", None, track) == []
    newest = restored(node, tmp_path / "backups", tmp_path / "newest")
    assert newest.files == first.copied + 1
    name = first.folder.name
    settings = node.workplace.settings
    earlier = restore_backup(
        replace(settings, node=replace(settings.node, data_dir=tmp_path / "earlier")),
        tmp_path / "backups",
        track,
        name=name,
    )
    assert earlier.files == first.copied


def test_an_older_backup_may_be_deleted_and_the_others_are_whole(node: DrivenNode, tmp_path: Path) -> None:
    first = back_up(node, tmp_path / "backups")
    second = back_up(node, tmp_path / "backups")
    shutil.rmtree(first.folder)
    assert check_backup(tmp_path / "backups", None, track) == []
    assert back_up(node, tmp_path / "backups").copied == 0
    shutil.rmtree(second.folder)
    assert restored(node, tmp_path / "backups", tmp_path / "new").files == first.copied


def test_a_damaged_backup_is_found_and_named(node: DrivenNode, tmp_path: Path) -> None:
    back_up(node, tmp_path / "backups")
    victim = next(p for p in (tmp_path / "backups" / "content").rglob("*") if p.is_file())
    whole = victim.read_bytes()
    victim.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert check_backup(tmp_path / "backups", None, track) == [str(victim)]
    with pytest.raises(BackupError, match=victim.name):
        restored(node, tmp_path / "backups", tmp_path / "new")
    assert not (tmp_path / "new" / "ledger.sqlite3").exists(), "without its ledger it is no node"
    done = restored(node, tmp_path / "backups", tmp_path / "new", leave_out_damaged=True)
    assert done.left_out == (str(victim.relative_to(tmp_path / "backups")),)
    assert not (tmp_path / "new" / done.left_out[0]).exists()
    assert (tmp_path / "data" / done.left_out[0]).read_bytes() == whole, "a backup shares nothing with data_dir"


@pytest.mark.parametrize("file", ["ledger.sqlite3", "manifest.json"])
def test_a_damaged_ledger_or_manifest_is_named(node: DrivenNode, tmp_path: Path, file: str) -> None:
    made = back_up(node, tmp_path / "backups")
    path = made.folder / file
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(BackupError, match=file):
        restored(node, tmp_path / "backups", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_backup_that_was_cut_short_does_not_count(node: DrivenNode, tmp_path: Path) -> None:
    made = back_up(node, tmp_path / "backups")
    later = BackupFolder(tmp_path / "backups").begin("29991231T000000.000000Z")
    shutil.copy(made.folder / "ledger.sqlite3", later)
    assert BackupFolder(tmp_path / "backups").newest() == made.folder.name


def test_what_is_damaged_or_missing_in_data_dir_is_named_and_the_rest_is_kept(node: DrivenNode, tmp_path: Path) -> None:
    files = sorted((tmp_path / "data").glob("content/*/*"))
    files[0].write_bytes(b"other")
    files[1].unlink()
    made = back_up(node, tmp_path / "backups")
    assert sorted(made.faults) == [f"damaged: {files[0]}", f"missing: {files[1]}"]
    assert made.copied == len(contents(tmp_path / "data")) - 1


def test_a_restore_replaces_nothing(node: DrivenNode, tmp_path: Path) -> None:
    back_up(node, tmp_path / "backups")
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "something").touch()
    with pytest.raises(BackupError, match="not empty"):
        restored(node, tmp_path / "backups", tmp_path / "used")
    with pytest.raises(BackupError, match="lies in data_dir"):
        back_up(node, tmp_path / "data" / "backups")


def test_a_restore_that_was_cut_short_goes_on(node: DrivenNode, tmp_path: Path) -> None:
    made = back_up(node, tmp_path / "backups")
    new = tmp_path / "new"
    (new / "content").mkdir(parents=True)
    (new / "restoring").touch()
    assert restored(node, tmp_path / "backups", new).files == made.copied
    with pytest.raises(BackupError, match="not empty"):
        restored(node, tmp_path / "backups", new)


def test_the_ledger_is_copied_while_somebody_writes(node: DrivenNode, tmp_path: Path) -> None:
    """Given a transaction of somebody else that is not ended; then the copy is the state before it."""
    with closing(sqlite3.connect(tmp_path / "data" / "ledger.sqlite3", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE studies SET state = 'failed'")
        copy = copy_ledger(node.ledger, tmp_path)
        writer.execute("ROLLBACK")
    with closing(sqlite3.connect(copy)) as copied:
        assert copied.execute("SELECT state FROM studies").fetchall() == [("delivering",)]


def test_a_postgresql_ledger_goes_by_its_own_programs(tmp_path: Path, postgresql: PostgresqlServer) -> None:
    """Given a server with two databases; then what was dumped from one is restored into the other, which is empty."""
    url = postgresql.url
    empty = url.rpartition("/")[0] + "/empty"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE empty"))
    engine.dispose()
    settings = at(url, tmp_path / "data")
    ledger = Ledger(url)
    ledger.upgrade()
    inbox = Inbox(ContentStore(tmp_path / "data"), ledger, LimitsSection(free_disk_bytes=1))
    receipt = inbox.receive_file(write_file(tmp_path / "x.dcm", radiograph()), "SENDER")
    assert make_backup(settings, ledger, tmp_path / "backups", track).faults == []
    ledger.close()
    assert restore_backup(at(empty, tmp_path / "new"), tmp_path / "backups", track).files == 1
    again = Ledger(empty)
    with again.read() as session:
        assert isinstance(check_trail(session, tmp_path / "new"), Head)
    again.close()
    assert ContentStore(tmp_path / "new").instance_path(receipt.instance.content_sha256).exists()
    with pytest.raises(BackupError, match="holds a ledger already"):
        restore_backup(at(empty, tmp_path / "third"), tmp_path / "backups", track)


def at(url: str, data_dir: Path) -> NodeSettings:
    """The settings of a node with this database and this folder."""
    return NodeSettings(node=NodeSection(data_dir=data_dir), database=DatabaseSection(Secret(url)))
