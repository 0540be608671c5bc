"""Success only after file, folder and ledger row; a refusal leaves nothing."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom.data import get_testdata_file

from dicom_node.content_store import ContentStore
from dicom_node.errors import InstanceRefusedError
from dicom_node.ledger.instances import instances_of
from dicom_node.receiving.inbox import AnnouncedInstance, Inbox
from dicom_node.settings import LimitsSection
from tests.dicom_node.ledger.ledgers import new_ledger
from tests.dicom_node.receiving.instances import CR, encoded, radiograph, write_file

EXPLICIT = "1.2.840.10008.1.2.1"


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    ledger = new_ledger(tmp_path)
    yield Inbox(ContentStore(tmp_path / "data"), ledger, LimitsSection(free_disk_bytes=1))
    ledger.close()


def files(inbox: Inbox) -> list[Path]:
    folder = inbox.store.instance_path("0" * 64).parents[2]
    return [p for p in folder.rglob("*") if p.is_file()]


def test_a_file_is_taken_like_a_sent_instance(inbox: Inbox, tmp_path: Path) -> None:
    ds = radiograph()
    receipt = inbox.receive_file(write_file(tmp_path / "x.dcm", ds), "UPLOAD")
    assert receipt.arrival == "new"
    assert receipt.instance.sop_instance_uid == ds.SOPInstanceUID
    assert receipt.instance.bytes == len(encoded(ds))
    assert inbox.receive_file(tmp_path / "x.dcm", "UPLOAD").arrival == "same_bytes"
    incoming = inbox.begin(AnnouncedInstance(CR, ds.SOPInstanceUID, EXPLICIT, "SENDER"))
    incoming.write(encoded(ds))
    assert incoming.finish().arrival == "same_bytes", "a file and its sending are the same bytes"
    with inbox.ledger.read() as session:
        assert len(instances_of(session, ds.StudyInstanceUID)) == 1


@pytest.mark.parametrize("content", [b"", b"not DICOM" * 100, bytes(1000)])
def test_what_is_no_dicom_file_is_refused(inbox: Inbox, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(InstanceRefusedError) as refused:
        inbox.receive_file(path, "UPLOAD")
    assert refused.value.status == 0xC000
    assert files(inbox) == []


def test_a_deflated_file_is_refused(inbox: Inbox) -> None:
    with pytest.raises(InstanceRefusedError):
        inbox.receive_file(Path(get_testdata_file("image_dfl.dcm")), "UPLOAD")
    assert files(inbox) == []


@pytest.mark.parametrize("call", ["write", "fsync", "rename"])
def test_a_full_disk_is_out_of_resources_and_leaves_nothing(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    ds = radiograph()
    incoming = inbox.begin(AnnouncedInstance(CR, ds.SOPInstanceUID, EXPLICIT, "SENDER"))

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, call, full)
        with pytest.raises(InstanceRefusedError) as refused:
            incoming.write(encoded(ds))
            incoming.finish()
    incoming.abort()
    assert refused.value.status == 0xA700
    assert files(inbox) == []
    with inbox.ledger.read() as session:
        assert instances_of(session, ds.StudyInstanceUID) == []


def test_without_a_ledger_there_is_no_success(inbox: Inbox, tmp_path: Path) -> None:
    ds = radiograph()
    incoming = inbox.begin(AnnouncedInstance(CR, ds.SOPInstanceUID, EXPLICIT, "SENDER"))
    incoming.write(encoded(ds))
    inbox.ledger.close()
    for path in tmp_path.glob("ledger.sqlite3*"):
        path.unlink()
    (tmp_path / "ledger.sqlite3").mkdir()
    with pytest.raises(InstanceRefusedError) as refused:
        incoming.finish()
    assert refused.value.status == 0xA700
    (tmp_path / "ledger.sqlite3").rmdir()


def test_arrivals_are_told_only_when_they_are_news(inbox: Inbox) -> None:
    told: list[int] = []
    inbox.on_arrival = lambda: told.append(1)
    ds = radiograph()
    for _ in range(2):
        incoming = inbox.begin(AnnouncedInstance(CR, ds.SOPInstanceUID, EXPLICIT, "SENDER"))
        incoming.write(encoded(ds))
        incoming.finish()
    assert len(told) == 1


def test_a_file_without_group_length_in_its_meta_header_is_taken(inbox: Inbox, tmp_path: Path) -> None:
    ds = radiograph()
    content = write_file(tmp_path / "x.dcm", ds).read_bytes()
    path = tmp_path / "y.dcm"
    path.write_bytes(content[:132] + content[144:])
    receipt = inbox.receive_file(path, "UPLOAD")
    assert receipt.instance.bytes == len(encoded(ds))
