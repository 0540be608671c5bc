"""Hazard D06: data sets that are cut, damaged, or none. 0xC000 and nothing kept, or something that pydicom reads."""

from __future__ import annotations

import random
import struct
from collections import Counter

import pytest
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian

from tests.dicom_node.receiving.instances import CR, encoded, radiograph
from tests.dicom_node.receiving.pydicom_reading import pydicom_reads_whole
from tests.dicom_node.receiving.raw_sender import EXPLICIT, P_DATA, command, uid, us
from tests.hazards.attacked_node import SUCCESS, AttackedNode
from tests.hazards.mutations import mutated
from tests.hazards.raw_instance import ITEM, ITEM_END, PIXEL_DATA, SEQUENCE_END, UNDEFINED, RawInstance, element

UID = "1.2.3"
WHOLE = RawInstance(UID).data_set
_STUDY = 0x00081110
"""Referenced Study Sequence: any sequence."""
_ITEM_OF_4 = ITEM + struct.pack("<L", 4)


def _sequence(value: bytes, length: int | None = UNDEFINED) -> bytes:
    return RawInstance(UID).put_element(_STUDY, "SQ", value, length).data_set


def _pixels(value: bytes) -> bytes:
    return RawInstance(UID).put_element(PIXEL_DATA, "OB", value, UNDEFINED).data_set


NOT_UNDERSTOOD = {
    "half": WHOLE[: len(WHOLE) // 2],
    "20 bytes short": WHOLE[:-20],
    "1 byte short": WHOLE[:-1],
    "1 byte long": WHOLE + b"\0",
    "7 bytes long": WHOLE + bytes(7),
    "zeros": bytes(4096),
    "0xFF": b"\xff" * 4096,
    "random": random.Random(6).randbytes(4096),
    "text": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 50,
    "another transfer syntax": encoded(radiograph(SOPInstanceUID=UID), ImplicitVRLittleEndian),
    "the other byte order": encoded(radiograph(SOPInstanceUID=UID), ExplicitVRBigEndian),
    "a Part 10 file instead": bytes(128) + b"DICM" + WHOLE,
    "file meta in the data set": element(0x00020010, "UI", b"1.2.840.10008.1.2\0") + WHOLE,
    "a command in the data set": element(0x00000100, "US", b"\1\0") + WHOLE,
    "a tag twice": WHOLE + element(PIXEL_DATA, "OW", bytes(2)),
    "tags out of order": WHOLE + element(0x00100010, "PN", b"X "),
    "a VR that is none": RawInstance(UID).put_bytes(0x00100010, b"\x10\0\x10\0??\2\0ab").data_set,
    "a length past the end": RawInstance(UID).put_element(PIXEL_DATA, "OW", bytes(128), 1000).data_set,
    "an undefined length for text": RawInstance(UID).put_element(0x00104000, "UT", b"ab", UNDEFINED).data_set,
    "a character set that is a number": RawInstance(UID).put_element(0x00080005, "SS", b"ISO_IR 100").data_set,
    "a pixel representation that is odd": RawInstance(UID).put_element(0x00280103, "US", b"odd").data_set,
    "a sequence without items": _sequence(b"abcdefgh"),
    "a sequence without end": _sequence(ITEM + b"\xff" * 4),
    "a sequence that ends in an item": _sequence(ITEM + b"\xff" * 4 + SEQUENCE_END),
    "an item end without item": _sequence(ITEM_END + SEQUENCE_END),
    "an item past its sequence": _sequence(_ITEM_OF_4 + bytes(4), 10),
    "an element past its item": _sequence(_ITEM_OF_4 + element(0x00081150, "UI", b"1.2\0") + SEQUENCE_END),
    "a sequence end in the data set": WHOLE + SEQUENCE_END,
    "an item in the data set": WHOLE + ITEM + bytes(4),
    "fragments without end": _pixels(ITEM + bytes(4) + _ITEM_OF_4 + bytes(4)),
    "a fragment of undefined length": _pixels(ITEM + b"\xff" * 4 + SEQUENCE_END),
    "fragments that are elements": _pixels(WHOLE + SEQUENCE_END),
    "a fragment past the end": _pixels(ITEM + struct.pack("<L", 1 << 20) + bytes(4) + SEQUENCE_END),
}


@pytest.mark.parametrize("what", NOT_UNDERSTOOD)
def test_d06_what_is_no_data_set_is_refused_and_not_kept(node: AttackedNode, what: str) -> None:
    with node.sender() as sender:
        sender.associate()
        answer = sender.store(CR, UID, NOT_UNDERSTOOD[what])
        assert answer.status == 0xC000
        assert 1 <= len(answer.comment) <= 64
        assert sender.echo().status == SUCCESS, "the association lives on"
        sender.end()


def test_d06_no_data_set_at_all(node: AttackedNode) -> None:
    with node.sender() as sender:
        sender.associate()
        elements = {0x0002: uid(CR), 0x0100: us(1), 0x0110: us(7), 0x0700: us(0), 0x0800: us(0x0101), 0x1000: uid(UID)}
        sender.send_command(command(elements))
        assert sender.receive().status == 0xC000
        assert sender.store(CR, UID, b"").status == 0xA900, "an empty one names no class"
        sender.end()


def test_d06_six_hundred_mutated_data_sets(node: AttackedNode) -> None:
    """Each gets an answer on the same association; what is answered 0x0000, pydicom reads to its last byte."""
    dice = random.Random(600)
    answers: Counter[int] = Counter()
    with node.sender() as sender:
        sender.associate()
        for _ in range(600):
            instance = RawInstance()
            data_set = mutated(instance.data_set, dice)
            answer = sender.store(CR, instance.uid, data_set)
            assert answer.kind == P_DATA
            answers[answer.status] += 1
            if answer.status == SUCCESS:
                assert pydicom_reads_whole(data_set, EXPLICIT)
        sender.end()
    assert set(answers) <= {SUCCESS, 0x0117, 0xA700, 0xA900, 0xC000}
    assert answers[SUCCESS] and answers[0xC000] > 100, answers
