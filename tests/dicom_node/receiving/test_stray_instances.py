"""C4: a whole instance without a row is adopted when nobody sent it again; a damaged one is set aside."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from time import time

import pytest
from sqlalchemy import delete

from dicom_node.content_store import FOLDERS, ContentStore
from dicom_node.ledger.audit_trail import Head, follow_chain
from dicom_node.ledger.tables import InstanceRow, StudyRow, TimelineRow
from dicom_node.receiving.inbox import Inbox, Receipt
from dicom_node.receiving.stray_instances import StrayInstances
from dicom_node.settings import LimitsSection
from tests.dicom_node.ledger.ledgers import new_ledger
from tests.dicom_node.receiving.instances import radiograph, write_file
from tests.dicom_node.receiving.listener_process import ListenerProcess
from tests.foreign_programs.programs import wait_until


class Node:
    """Inbox and store of one folder; rows can be taken away as a crash or an older ledger does."""

    def __init__(self, folder: Path) -> None:
        self.store, self.ledger = ContentStore(folder / "data"), new_ledger(folder / "data")
        self.inbox = Inbox(self.store, self.ledger, LimitsSection(free_disk_bytes=1))
        self.strays = StrayInstances(self.store, self.ledger)
        self._folder = folder

    def received(self, **attributes: object) -> Receipt:
        return self.inbox.receive_file(write_file(self._folder / "one.dcm", radiograph(**attributes)), "SENDER")

    def stray(self, *, age: float = 3600.0) -> Receipt:
        """An instance that has its file, but no row."""
        receipt = self.received()
        with self.ledger.write() as session:
            session.execute(delete(InstanceRow))
            session.execute(delete(StudyRow))
        os.utime(self.path(receipt), (time() - age, time() - age))
        return receipt

    def path(self, receipt: Receipt) -> Path:
        return self.store.instance_path(receipt.instance.content_sha256)

    def look(self) -> None:
        for folder in FOLDERS:
            self.strays.look_into(folder)

    @property
    def rows(self) -> list[InstanceRow]:
        with self.ledger.read() as session:
            return list(session.query(InstanceRow))

    @property
    def events(self) -> list[str]:
        with self.ledger.read() as session:
            assert isinstance(follow_chain(session), Head)
            return [row.event for row in session.query(TimelineRow).order_by(TimelineRow.id)]


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = Node(tmp_path)
    yield made
    made.ledger.close()


def test_c04_a_stray_is_adopted_as_it_was_sent(node: Node) -> None:
    lost = node.stray().instance
    for _ in range(2):
        node.look()
    [row] = node.rows
    assert (row.sop_instance_uid, row.content_sha256, row.bytes) == (
        lost.sop_instance_uid, lost.content_sha256, lost.bytes,
    )  # fmt: skip
    assert (row.calling_ae_title, row.transfer_syntax_uid) == ("SENDER", lost.transfer_syntax_uid)
    assert node.events[-2:] == ["receiving", "instance_adopted"]
    with node.ledger.read() as session:
        assert session.get_one(StudyRow, lost.study_instance_uid).state == "receiving"


def test_c04_its_sender_has_time_to_send_it_again(node: Node) -> None:
    """Given a stray of this moment; then it is not touched, and the resend makes its row."""
    receipt = node.stray(age=0)
    node.look()
    assert node.rows == []
    assert node.inbox.receive_file(node.path(receipt), "SENDER").arrival == "new"
    assert [row.content_sha256 for row in node.rows] == [receipt.instance.content_sha256]


def test_c04_the_time_of_a_file_may_lie_in_the_future(node: Node) -> None:
    """Its clock was ahead; it waits until ours is there too."""
    node.stray(age=-86_400)
    node.look()
    assert node.rows == []


@pytest.mark.parametrize("damage", ["a byte", "its end", "its head"])
def test_c04_a_damaged_stray_is_set_aside_and_said(node: Node, damage: str) -> None:
    path = node.path(node.stray())
    content = bytearray(path.read_bytes())
    if damage == "a byte":
        content[-20] ^= 1
    path.write_bytes(
        bytes(content[:-30] if damage == "its end" else content[200:] if damage == "its head" else content)
    )
    os.utime(path, (0, 0))
    for _ in range(2):
        node.look()
    assert node.rows == []
    assert not path.exists()
    assert path.with_suffix(".damaged").exists()
    assert node.events.count("instance_damaged") == 1


def test_c04_what_has_its_row_is_not_even_read(node: Node) -> None:
    receipt = node.received()
    os.utime(node.path(receipt), (0, 0))
    node.path(receipt).chmod(0)
    before = node.events
    node.look()
    assert node.events == before


def test_c04_a_listener_adopts_what_an_older_ledger_does_not_know(tmp_path: Path) -> None:
    """Given a store whose ledger is new, as after a restore; when the node starts; then everything in it is known."""
    node = Node(tmp_path)
    digests = {node.received(SOPInstanceUID=f"1.2.{n}").instance.content_sha256 for n in range(20)}
    node.ledger.close()
    for digest in digests:
        os.utime(node.store.instance_path(digest), (0, 0))
    for file in (tmp_path / "data").glob("ledger.sqlite3*"):
        file.unlink()
    listener = ListenerProcess(tmp_path)
    try:
        listener.start()
        wait_until("all are known again", lambda: {row.content_sha256 for row in listener.rows} == digests)
        assert listener.stop() == 0
    finally:
        listener.kill()
