"""The port, spoken to by real senders and by raw bytes: every answer of the conformance table."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    generate_uid,
)
from pynetdicom import AE, StoragePresentationContexts

from dicom_node.receiving.presentation_contexts import COMPRESSED, storage_classes
from tests.dicom_node.receiving.instances import CR, encoded, radiograph, write_file
from tests.dicom_node.receiving.raw_sender import ABORT, AC, EXPLICIT, RELEASE_RP, RJ, VERIFICATION, RawSender
from tests.dicom_node.receiving.running_node import RunningNode
from tests.foreign_programs.dcmtk import echoscu, storescu
from tests.foreign_programs.orthanc import Orthanc


@pytest.fixture
def node(tmp_path: Path) -> Iterator[RunningNode]:
    with RunningNode(tmp_path / "data") as running:
        yield running


@pytest.fixture
def sender(node: RunningNode) -> Iterator[RawSender]:
    with RawSender(node.port) as connected:
        assert connected.associate().kind == AC
        yield connected


def nested(depth: int) -> bytes:
    """A data set whose one sequence holds another, ``depth`` deep."""
    inner = radiograph()
    del inner.PixelData
    for _ in range(depth):
        outer = radiograph()
        del outer.PixelData
        outer.ReferencedStudySequence = [inner]
        inner = outer
    return encoded(inner)


def kept_data_set(node: RunningNode, sha256: str) -> bytes:
    """The data set of the file that is kept, without preamble and meta header."""
    content = node.store.instance_path(sha256).read_bytes()
    return content[144 + int.from_bytes(content[140:144], "little") :]


def test_dcmtk_echoes_and_stores_and_every_byte_is_kept(node: RunningNode, tmp_path: Path) -> None:
    ds = radiograph()
    path = write_file(tmp_path / "one.dcm", ds)
    assert echoscu(node.port).returncode == 0
    answer = storescu(node.port, path)
    assert answer.returncode == 0, answer.stderr
    (row,) = node.instances
    kept = kept_data_set(node, row.content_sha256)
    assert hashlib.sha256(kept).hexdigest() == row.content_sha256
    assert kept == encoded(ds)
    assert (row.sop_instance_uid, row.calling_ae_title, row.bytes) == (ds.SOPInstanceUID, "SENDER", len(kept))
    file = dcmread(node.store.instance_path(row.content_sha256))
    assert file.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert file.file_meta.SourceApplicationEntityTitle == "SENDER"
    assert file.PatientName == ds.PatientName
    assert node.leftovers == []


def test_orthanc_sends_a_study(node: RunningNode, orthanc: Orthanc, tmp_path: Path) -> None:
    study = generate_uid()
    files = [write_file(tmp_path / f"{n}.dcm", radiograph(StudyInstanceUID=study)) for n in range(5)]
    orthanc.add_modality("node", "RHEUMASCORE", node.port)
    assert orthanc.echo("node")
    answer = orthanc.send("node", *orthanc.upload(*files))
    assert answer["FailedInstancesCount"] == 0
    assert {row.study_instance_uid for row in node.instances} == {study}
    assert len(node.instances) == 5


def test_pynetdicom_sends_compressed_images_untouched(node: RunningNode) -> None:
    names = ("JPEG2000.dcm", "SC_rgb_jpeg_gdcm.dcm", "MR_small_RLE.dcm", "JPGExtended.dcm", "JPEGLSNearLossless_08.dcm")
    files = [dcmread(get_testdata_file(name)) for name in names]
    client = AE("SENDER")
    for ds in files:
        client.add_requested_context(ds.SOPClassUID, ds.file_meta.TransferSyntaxUID)
    association = client.associate("127.0.0.1", node.port, ae_title="RHEUMASCORE")
    assert association.is_established
    statuses = [association.send_c_store(ds).Status for ds in files]
    association.release()
    expected = [0x0000 if "StudyInstanceUID" in ds else 0xA900 for ds in files]
    assert statuses == expected and expected.count(0) >= 3
    for row in node.instances:
        kept = dcmread(node.store.instance_path(row.content_sha256))
        sent = next(ds for ds in files if ds.SOPInstanceUID == row.sop_instance_uid)
        assert kept.PixelData == sent.PixelData and row.transfer_syntax_uid == sent.file_meta.TransferSyntaxUID


def test_every_storage_class_is_taken(node: RunningNode) -> None:
    client = AE("SENDER")
    client.requested_contexts = StoragePresentationContexts
    association = client.associate("127.0.0.1", node.port, ae_title="RHEUMASCORE")
    assert len(association.accepted_contexts) == len(StoragePresentationContexts)
    association.release()
    assert "1.2.840.10008.5.1.4.1.1.5" in storage_classes(), "retired classes are still forwarded"
    assert "1.2.840.10008.1.20.1" not in storage_classes(), "storage commitment is no storage"


def test_transfer_syntaxes_that_cannot_be_decoded_are_not_agreed(node: RunningNode) -> None:
    with RawSender(node.port) as sender:
        sender.associate(
            (CR, (DeflatedExplicitVRLittleEndian,)),
            (CR, ("1.2.840.10008.1.2.4.100", DeflatedExplicitVRLittleEndian, JPEG2000Lossless)),
            (CR, (ImplicitVRLittleEndian, ExplicitVRBigEndian, ExplicitVRLittleEndian)),
            (CR, (JPEGLosslessSV1, ExplicitVRLittleEndian)),
            ("1.2.840.10008.5.1.4.1.2.2.1", (ExplicitVRLittleEndian,)),
            ("1.3.46.670589.11.0.0.12.1", (ExplicitVRLittleEndian,)),
        )
        assert sender.results[1][0] == 4
        assert sender.results[3] == (0, JPEG2000Lossless)
        assert sender.results[5] == (0, ExplicitVRLittleEndian), "private VRs are kept"
        assert sender.results[7] == (0, JPEGLosslessSV1), "the sender's first"
        assert sender.results[9][0] == 3, "C-FIND is not offered"
        assert sender.results[11][0] == 0, "private storage classes are forwarded too"
    assert DeflatedExplicitVRLittleEndian not in COMPRESSED


@pytest.mark.parametrize(
    ("calling", "called", "rejection"),
    [("STRANGER", "RHEUMASCORE", (1, 1, 3)), ("SENDER", "ELSEWHERE", (1, 1, 7)), ("sender", "RHEUMASCORE", (1, 1, 3))],
)
def test_who_is_not_known_is_rejected(
    node: RunningNode, calling: str, called: str, rejection: tuple[int, int, int]
) -> None:
    with RawSender(node.port) as sender:
        answer = sender.associate(calling=calling, called=called)
        assert (answer.kind, tuple(answer.body[1:4])) == (RJ, rejection)
    assert node.instances == []


def test_a_peer_has_its_number_of_associations(node: RunningNode) -> None:
    senders = [RawSender(node.port) for _ in range(9)]
    kinds = [sender.associate().kind for sender in senders]
    assert kinds == [AC] * 8 + [RJ]
    senders[0].release()
    senders[0].socket.close()
    with RawSender(node.port) as late:
        assert late.associate().kind == AC, "a released association makes room"
    for sender in senders:
        sender.socket.close()


def test_the_rejection_for_too_many_is_transient(tmp_path: Path) -> None:
    with RunningNode(tmp_path, associations=1) as node, RawSender(node.port) as first, RawSender(node.port) as second:
        assert first.associate().kind == AC
        answer = second.associate()
        assert (answer.kind, tuple(answer.body[1:4])) == (RJ, (2, 3, 2))


def test_the_same_bytes_again_change_nothing(node: RunningNode, sender: RawSender) -> None:
    ds = radiograph()
    for _ in range(3):
        assert sender.store(CR, ds.SOPInstanceUID, encoded(ds)).status == 0x0000
    assert len(node.instances) == 1
    assert node.events(ds.StudyInstanceUID) == ["receiving"]
    assert sender.release().kind == RELEASE_RP


def test_other_bytes_under_the_same_uid_are_kept_beside_the_first(node: RunningNode, sender: RawSender) -> None:
    ds = radiograph()
    first = encoded(ds)
    assert sender.store(CR, ds.SOPInstanceUID, first).status == 0x0000
    ds.PatientName = "Corrected^Name"
    assert sender.store(CR, ds.SOPInstanceUID, encoded(ds)).status == 0x0000
    rows = node.instances
    assert [kept_data_set(node, row.content_sha256) for row in rows] == [first, encoded(ds)]
    assert node.events(ds.StudyInstanceUID) == ["receiving", "other_bytes"]


def without(keyword: str) -> bytes:
    ds = radiograph(SOPInstanceUID="1.2.3")
    delattr(ds, keyword)
    return encoded(ds)


WHOLE = encoded(radiograph(SOPInstanceUID="1.2.3"))
FAULTS = {
    "other instance": (WHOLE, "1.2.4", 0xA900, "SOP Instance UID is not the command's"),
    "other class": (
        encoded(radiograph(SOPInstanceUID="1.2.3", SOPClassUID="1.2.840.10008.5.1.4.1.1.7")),
        "1.2.3",
        0xA900,
        "SOP Class UID",
    ),
    "no study": (without("StudyInstanceUID"), "1.2.3", 0xA900, "Study Instance UID is missing"),
    "no series": (without("SeriesInstanceUID"), "1.2.3", 0xA900, "Series Instance UID is missing"),
    "no instance": (without("SOPInstanceUID"), "1.2.3", 0xA900, "SOP Instance UID is missing"),
    "path as uid": (WHOLE, "../../etc/x", 0x0117, "SOP Instance UID"),
    "empty uid": (WHOLE, "", 0x0117, "SOP Instance UID"),
    "long uid": (WHOLE, "1." + "2" * 64, 0x0117, "SOP Instance UID"),
    "half": (WHOLE[: len(WHOLE) // 2], "1.2.3", 0xC000, "ends in the middle"),
    "20 bytes short": (WHOLE[:-20], "1.2.3", 0xC000, "ends in the middle"),
    "nothing": (b"", "1.2.3", 0xA900, "is missing"),
    "zeros": (bytes(4096), "1.2.3", 0xC000, ""),
    "0xFF": (b"\xff" * 4096, "1.2.3", 0xC000, ""),
    "text": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 50, "1.2.3", 0xC000, ""),
    "65 deep": (nested(65), "1.2.3", 0xC000, "deeper than 64"),
    "meta in the data set": (bytes.fromhex("0200100055490600") + b"1.2.3\0" + WHOLE, "1.2.3", 0xC000, "group 0002"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_gets_its_status_and_leaves_nothing(node: RunningNode, sender: RawSender, fault: str) -> None:
    data_set, announced, status, comment = FAULTS[fault]
    answer = sender.store(CR, announced, data_set)
    assert answer.status == status
    assert comment in answer.comment
    assert 1 <= len(answer.comment) <= 64
    assert node.instances == [] and node.leftovers == []
    assert not list((node.settings.node.data_dir / "instances").rglob("*.dcm"))
    ds = radiograph()
    assert sender.store(CR, ds.SOPInstanceUID, encoded(ds)).status == 0x0000, "the association lives on"


def test_a_class_that_is_not_the_contexts_is_refused(sender: RawSender) -> None:
    assert sender.store("1.2.840.10008.5.1.4.1.1.7", "1.2.3", WHOLE).status == 0x0122


def test_64_deep_is_taken(node: RunningNode, sender: RawSender) -> None:
    data_set = nested(64)
    uid = dcmread_uid(data_set)
    assert sender.store(CR, uid, data_set).status == 0x0000


def dcmread_uid(data_set: bytes) -> str:
    at = data_set.index(bytes.fromhex("08001800") + b"UI")
    length = int.from_bytes(data_set[at + 6 : at + 8], "little")
    return data_set[at + 8 : at + 8 + length].decode().strip("\0")


def test_no_room_is_said_before_anything_is_kept(tmp_path: Path) -> None:
    with RunningNode(tmp_path, free_disk_bytes=1 << 60) as node, RawSender(node.port) as sender:
        sender.associate()
        answer = sender.store(CR, "1.2.3", WHOLE)
        assert (answer.status, answer.comment) == (0xA700, "no room on disk")
        assert sender.echo().status == 0x0000
        assert node.instances == [] and node.leftovers == []


def test_an_instance_over_the_cap_is_refused_and_one_without_end_is_cut(tmp_path: Path) -> None:
    with RunningNode(tmp_path, instance_bytes=10_000) as node, RawSender(node.port) as sender:
        sender.associate()
        large = radiograph(PixelData=bytes(20_000))
        assert sender.store(CR, large.SOPInstanceUID, encoded(large), piece=5_000).kind == 4
        sender.receive()
    with RunningNode(tmp_path, instance_bytes=100_000) as node, RawSender(node.port) as sender:
        sender.associate()
        large = radiograph(PixelData=bytes(101_000))
        answer = sender.store(CR, large.SOPInstanceUID, encoded(large)[:90_000])
        assert (answer.status, node.leftovers) == (0xA700, [])


def test_an_unknown_service_is_answered(sender: RawSender) -> None:
    from tests.dicom_node.receiving.raw_sender import command, uid, us

    elements = {0x0002: uid(VERIFICATION), 0x0100: us(0x20), 0x0110: us(9), 0x0800: us(1)}
    sender.send_command(command(elements), 3)
    sender.send_data(b"\0" * 10, 3, last=True)
    assert sender.receive().status == 0x0211
    assert sender.echo().status == 0x0000


def test_our_own_reports_are_kept_and_open_no_study(node: RunningNode, sender: RawSender) -> None:
    report = radiograph(Manufacturer="rheumascore", ImageType=["DERIVED", "SECONDARY", "OTHER"])
    phantom = radiograph(Manufacturer="rheumascore", ImageType=["DERIVED", "PRIMARY"])
    assert sender.store(CR, report.SOPInstanceUID, encoded(report)).status == 0x0000
    assert sender.store(CR, phantom.SOPInstanceUID, encoded(phantom)).status == 0x0000
    assert node.study(report.StudyInstanceUID) is None
    assert node.events(report.StudyInstanceUID) == ["own_object"]
    assert node.study(phantom.StudyInstanceUID) is not None
    assert len(node.instances) == 2


@pytest.mark.parametrize("transfer_syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_the_uncompressed_transfer_syntaxes(node: RunningNode, transfer_syntax: str) -> None:
    ds = radiograph()
    with RawSender(node.port) as sender:
        sender.associate((CR, (transfer_syntax,)))
        assert sender.store(CR, ds.SOPInstanceUID, encoded(ds, transfer_syntax)).status == 0x0000
    (row,) = node.instances
    assert dcmread(node.store.instance_path(row.content_sha256)).Rows == 8


def test_an_abort_in_mid_store_leaves_nothing(node: RunningNode, sender: RawSender) -> None:
    from tests.dicom_node.receiving.raw_sender import pdu, store_command
    from tests.foreign_programs.programs import wait_until

    sender.send_command(store_command(CR, "1.2.3"))
    sender.send_data(WHOLE[:200], last=False)
    wait_until("the file is begun", lambda: node.leftovers)
    sender.socket.sendall(pdu(ABORT, bytes(4)))
    wait_until("the file is gone", lambda: not node.leftovers)
    assert node.instances == []


assert ExplicitVRLittleEndian == EXPLICIT
