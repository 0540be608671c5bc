"""Files of this machine go out as they are: odd ones too, each with one answer, and one that fails stops no other."""

from __future__ import annotations

import zlib
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread, dcmwrite
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian, JPEGBaseline8Bit

from dicom_node.delivery.part10_bytes import read_part10
from dicom_node.delivery.send_files import FileAnswer, send_files
from dicom_node.peers import Peer
from scoring.errors import ImageUnreadableError
from tests.dicom_node.delivery.finished_objects import finished_picture
from tests.dicom_node.delivery.scripted_pacs import ScriptedPacs
from tests.foreign_programs.programs import free_port

PICTURE = finished_picture().content
ALL_SYNTAXES = (
    "1.2.840.10008.1.2.1",
    str(ImplicitVRLittleEndian),
    str(ExplicitVRBigEndian),
    str(DeflatedExplicitVRLittleEndian),
    str(JPEGBaseline8Bit),
)


def encoded(transfer_syntax: str) -> bytes:
    """The picture in another transfer syntax, as a file."""
    read = dcmread(BytesIO(PICTURE))
    written = BytesIO()
    read.file_meta.TransferSyntaxUID = transfer_syntax
    dcmwrite(written, read, enforce_file_format=True)
    return written.getvalue()


def without_meta(content: bytes) -> bytes:
    return read_part10(content).data_set


def with_wrong_meta_length(content: bytes) -> bytes:
    return content[:140] + (9999).to_bytes(4, "little") + content[144:]


ODD_FILES = {
    "explicit": PICTURE,
    "implicit": encoded(ImplicitVRLittleEndian),
    "big endian": encoded(ExplicitVRBigEndian),
    "deflated": encoded(DeflatedExplicitVRLittleEndian),
    "no preamble": PICTURE[132:],
    "no meta header, explicit": without_meta(PICTURE),
    "no meta header, implicit": without_meta(encoded(ImplicitVRLittleEndian)),
    "wrong length of the meta header": with_wrong_meta_length(PICTURE),
    "cut in the pixels": PICTURE[:-9],
}


def send(folder: Path, peer: Peer, *contents: bytes) -> list[FileAnswer]:
    paths = []
    for number, content in enumerate(contents):
        paths.append(folder / f"{number}.dcm")
        paths[-1].write_bytes(content)
    return list(send_files(peer, paths, "SENDER"))


@pytest.mark.parametrize("name", ODD_FILES)
def test_the_bytes_go_out_as_they_lie_in_the_file(tmp_path: Path, name: str) -> None:
    content = ODD_FILES[name]
    with ScriptedPacs(transfer_syntaxes=ALL_SYNTAXES) as pacs:
        [answer] = send(tmp_path, pacs.peer, content)
    assert answer.stored, answer.text
    [(uid, kept)] = pacs.kept
    assert uid == finished_picture().sop_instance_uid
    assert content.endswith(kept)


def test_deflated_stays_deflated() -> None:
    packed = read_part10(ODD_FILES["deflated"]).data_set
    assert zlib.decompress(packed, -15).startswith(b"\x08\x00")


def test_a_file_that_is_not_dicom_is_said_and_the_others_go(tmp_path: Path) -> None:
    with ScriptedPacs() as pacs:
        answers = send(tmp_path, pacs.peer, b"\xff\xd8\xff\xe0 a photograph", b"", PICTURE)
    assert [a.stored for a in answers] == [False, False, True]
    assert "not DICOM" in answers[0].text


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with ScriptedPacs() as pacs:
        [answer] = send_files(pacs.peer, [tmp_path / "gone.dcm"], "SENDER")
        assert pacs.associations == 0
    assert "No such file" in answer.text


def test_what_the_peer_does_not_take_is_said(tmp_path: Path) -> None:
    with ScriptedPacs() as pacs:
        answers = send(tmp_path, pacs.peer, ODD_FILES["big endian"], PICTURE)
    assert [a.stored for a in answers] == [False, True]
    assert "Big Endian" in answers[0].text


def test_after_a_cut_connection_the_rest_goes_over_another(tmp_path: Path) -> None:
    others = [finished_picture(f"2.25.{n}").content for n in range(3)]
    with ScriptedPacs(0x0000, "abort") as pacs:
        answers = send(tmp_path, pacs.peer, *others)
        assert pacs.associations == 2
    assert [a.stored for a in answers] == [True, False, True]


def test_each_refusal_has_its_status(tmp_path: Path) -> None:
    others = [finished_picture(f"2.25.{n}").content for n in range(3)]
    with ScriptedPacs(0xA700, 0xB000, 0xC000) as pacs:
        answers = send(tmp_path, pacs.peer, *others)
    assert [(a.stored, a.status) for a in answers] == [(False, 0xA700), (True, 0xB000), (False, 0xC000)]


def test_when_nobody_is_there_every_file_says_so(tmp_path: Path) -> None:
    answers = send(tmp_path, Peer("pacs", "PACS", "127.0.0.1", free_port()), PICTURE, PICTURE)
    assert len(answers) == 2
    assert all("Nobody answers" in a.text for a in answers)


def test_more_kinds_than_one_association_can_name(tmp_path: Path) -> None:
    """Given files of 130 classes; when they are sent; then they share as few associations as the Standard allows."""
    files = [odd_class(number) for number in range(130)]
    with ScriptedPacs() as pacs:
        answers = send(tmp_path, pacs.peer, *files, PICTURE)
        assert pacs.associations == 2
    assert len(answers) == 131
    assert answers[-1].stored


def odd_class(number: int) -> bytes:
    """A picture of a class that nobody knows."""
    read = dcmread(BytesIO(PICTURE))
    read.SOPClassUID = read.file_meta.MediaStorageSOPClassUID = f"1.2.3.{number}"
    written = BytesIO()
    read.save_as(written)
    return written.getvalue()


LONG_UID = b"\x08\x00\x16\x00UI\x04\x001.2\0" + b"\x08\x00\x18\x00UI\x46\x00" + b"1" * 70


@pytest.mark.parametrize("content", [b"", b"DICM", b"\x08\x00", b"II*\x00", PICTURE[:200], LONG_UID])
def test_what_does_not_say_what_it_is_cannot_be_sent(content: bytes) -> None:
    with pytest.raises(ImageUnreadableError):
        read_part10(content)
