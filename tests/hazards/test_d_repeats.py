"""Hazards D13 to D15, D17: the same again, other bytes under a known name, at once; and every byte as it was sent."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian, JPEGBaseline8Bit, generate_uid

from tests.dicom_node.receiving.instances import CR, encoded, radiograph, write_file
from tests.dicom_node.receiving.raw_sender import AC, EXPLICIT
from tests.foreign_programs.dcmtk import storescu
from tests.hazards.attacked_node import SUCCESS, AttackedNode, named
from tests.hazards.raw_instance import ITEM, PIXEL_DATA, SEQUENCE_END, UNDEFINED, RawInstance, element, nested


def rows_of(node: AttackedNode, uid: str) -> list[str]:
    """The digests under which the ledger knows an instance."""
    return [row.content_sha256 for row in node.rows if row.sop_instance_uid == uid]


def test_d14_the_same_instance_twice_is_kept_once(node: AttackedNode) -> None:
    instance = RawInstance()
    with node.sender() as sender:
        sender.associate()
        for _ in range(3):
            assert sender.store(CR, instance.uid, instance.data_set).status == SUCCESS
        sender.end()
    assert len(rows_of(node, instance.uid)) == 1


@pytest.mark.parametrize("other", ["a corrected name", "other pixels", "another patient", "another study"])
def test_d14_the_same_uid_with_other_bytes_is_kept_beside_the_first(node: AttackedNode, other: str) -> None:
    instance = RawInstance(PatientName="A^B", PatientID="1")
    first = instance.data_set
    if other == "a corrected name":
        instance.put("PatientName", "A^Bee")
    elif other == "other pixels":
        instance.put_element(PIXEL_DATA, "OW", b"\1" * 128)
    elif other == "another patient":
        instance.put("PatientID", "2")
    else:
        instance.put("StudyInstanceUID", str(generate_uid()))
    with node.sender() as sender:
        sender.associate()
        for data_set in (first, instance.data_set, first):
            assert sender.store(CR, instance.uid, data_set).status == SUCCESS
        sender.end()
    kept = [node.data_set(sha256) for sha256 in rows_of(node, instance.uid)]
    assert kept == [first, instance.data_set]


@pytest.mark.parametrize("same", [True, False], ids=["the same bytes", "other bytes"])
def test_d15_two_at_the_same_instant(node: AttackedNode, same: bool) -> None:
    for _ in range(20):
        image = radiograph()
        data_sets = [encoded(image)]
        image.PatientName = image.PatientName if same else "Other^Name"
        data_sets.append(encoded(image))
        assert store_at_once(node, image.SOPInstanceUID, data_sets) == [SUCCESS] * 2
        assert len(rows_of(node, image.SOPInstanceUID)) == (1 if same else 2)


def store_at_once(node: AttackedNode, uid: str, data_sets: list[bytes]) -> list[int]:
    """Each on an association of its own, the commands at one instant; the statuses."""
    statuses: list[int] = []
    begin = threading.Barrier(len(data_sets))

    def store(data_set: bytes) -> None:
        with node.sender() as sender:
            assert sender.associate().kind == AC
            begin.wait(20)
            statuses.append(sender.store(CR, uid, data_set).status)
            sender.end()

    threads = [threading.Thread(target=store, args=(data_set,)) for data_set in data_sets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


_PRIVATE = element(0x00090010, "LO", b"MAKER ")
_IMPLICIT_ITEM = bytes.fromhex("0900031004000000") + b"abcd"
_UN_SEQUENCE = ITEM + len(_IMPLICIT_ITEM).to_bytes(4, "little") + _IMPLICIT_ITEM + SEQUENCE_END
_FRAGMENTS = (ITEM + bytes(4)) * 2 + ITEM + b"\4\0\0\0\xff\xd8\xff\xd9" + SEQUENCE_END


def private(vr: str, value: bytes, length: int | None = None) -> RawInstance:
    return RawInstance().put_bytes(0x00090010, _PRIVATE).put_element(0x00091001, vr, value, length)


KEPT_AS_SENT = {
    "private elements": private("UN", b"\xff\xfe"),
    "implicit items in a UN sequence": private("UN", _UN_SEQUENCE, UNDEFINED),
    "group lengths": RawInstance().put_element(0x00080000, "UL", b"\1\2\3\4"),
    "padding after the pixels": RawInstance().put_element(0xFFFCFFFC, "OB", bytes(100)),
    "odd lengths": RawInstance().put_bytes(0x00100010, element(0x00100010, "PN", b"A^B")),
    "nuls behind text": RawInstance().put_element(0x00100020, "LO", b"12\0\0\0\0"),
    "text that is not what it says": RawInstance(SpecificCharacterSet="ISO_IR 192", PatientName=b"\xff\xfe"),
    "sequences of undefined length": RawInstance().put_bytes(0x00081110, nested(3)),
    "fragments, one of them empty": RawInstance().put_element(PIXEL_DATA, "OB", _FRAGMENTS, UNDEFINED),
}


@pytest.mark.parametrize("what", KEPT_AS_SENT)
def test_d13_every_byte_is_kept_as_it_was_sent(node: AttackedNode, what: str) -> None:
    instance = KEPT_AS_SENT[what]
    syntax = JPEGBaseline8Bit if "fragments" in what else EXPLICIT
    with node.sender() as sender:
        sender.associate((CR, (syntax,)))
        assert sender.store(CR, instance.uid, instance.data_set).status == SUCCESS
        sender.end()
    (sha256,) = rows_of(node, instance.uid)
    assert node.data_set(sha256) == instance.data_set


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_d13_other_encodings_are_kept_as_sent(node: AttackedNode, syntax: str) -> None:
    ds = radiograph()
    with node.sender() as sender:
        sender.associate((CR, (syntax,)))
        assert sender.store(CR, ds.SOPInstanceUID, encoded(ds, syntax)).status == SUCCESS
        sender.end()
    (sha256,) = rows_of(node, ds.SOPInstanceUID)
    assert node.data_set(sha256) == encoded(ds, syntax)


@pytest.mark.parametrize(
    "magic", [b"MZ\x90\0", b"\x7fELF\2\1\1", b"#!/bin/sh\n", b"%PDF-1.7\n", b"II*\0\x08\0\0\0", b"<html>"]
)
def test_d18_the_preamble_of_a_polyglot_does_not_come_in(node: AttackedNode, tmp_path: Path, magic: bytes) -> None:
    """A file that is a program as well: its first 128 bytes are not in the data set; ours are zeros."""
    ds = radiograph()
    path = write_file(tmp_path / "polyglot.dcm", ds)
    path.write_bytes(magic.ljust(128, b"\x90") + path.read_bytes()[128:])
    assert storescu(node.port, path).returncode == 0
    node.acknowledged.add(named(ds.SOPInstanceUID, encoded(ds)))
    (sha256,) = rows_of(node, ds.SOPInstanceUID)
    kept = node.kept_files[sha256]
    assert kept.read_bytes()[:128] == bytes(128)
    assert kept.stat().st_mode & 0o777 == 0o600, "no program either"
    assert dcmread(kept).SOPInstanceUID == ds.SOPInstanceUID


def test_d17_our_own_report_sent_back_is_kept_and_opens_no_study(node: AttackedNode) -> None:
    report = radiograph(Manufacturer="rheumascore", ImageType=["DERIVED", "SECONDARY"])
    with node.sender() as sender:
        sender.associate()
        assert sender.store(CR, report.SOPInstanceUID, encoded(report)).status == SUCCESS
        sender.end()
    assert not [e for e in node.events("study_complete") if e["study_instance_uid"] == report.StudyInstanceUID]
    assert report.StudyInstanceUID not in node.study_states
