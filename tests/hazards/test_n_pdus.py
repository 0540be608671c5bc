"""Hazards N05 to N07, N10, N11: what is no PDU, lies about its length, or comes when it may not. A-ABORT, at once."""

from __future__ import annotations

import random
import socket
import struct

import pytest

from tests.dicom_node.receiving.instances import CR, encoded, radiograph
from tests.dicom_node.receiving.raw_sender import (
    ABORT,
    AC,
    P_DATA,
    RELEASE_RP,
    RELEASE_RQ,
    RJ,
    VERIFICATION,
    associate_request,
    command,
    pdu,
    pdv,
    store_command,
    uid,
    us,
)
from tests.hazards.attacked_node import SUCCESS, AttackedNode

_IMAGE = radiograph(SOPInstanceUID="1.2.3", StudyInstanceUID="1.2.4", SeriesInstanceUID="1.2.5")
_DATA_SET = encoded(_IMAGE)
_STORE = store_command(CR, "1.2.3")
_ECHO = command({0x0002: uid(VERIFICATION), 0x0100: us(0x30), 0x0110: us(7), 0x0800: us(0x101)})
_REQUEST = associate_request()
_RESPONSE = command({0x0002: uid(CR), 0x0100: us(0x8001), 0x0120: us(7), 0x0800: us(0x101), 0x0900: us(0)})


def _request(body: bytes) -> bytes:
    return pdu(1, body)


def _with_context_ids(*ids: int) -> bytes:
    body = bytearray(_REQUEST)
    at, wanted = 74, list(ids)
    while at < len(body):
        kind, length = struct.unpack_from(">BxH", body, at)
        if kind == 0x20 and wanted:
            body[at + 4] = wanted.pop(0)
        at += 4 + length
    return bytes(body)


NOT_A_REQUEST = {
    "HTTP": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "TLS hello": bytes.fromhex("16030100c8010000c40303") + random.Random(1).randbytes(200),
    "SSH": b"SSH-2.0-x\r\n",
    "zeros": bytes(4096),
    "0xFF": b"\xff" * 4096,
    "random": random.Random(2).randbytes(4096),
    "unknown PDU": pdu(0x2A, bytes(4)),
    "PDU type 0": pdu(0, bytes(4)),
    "data first": pdu(P_DATA, pdv(_STORE, 1, 3)),
    "release first": pdu(RELEASE_RQ, bytes(4)),
    "an answer first": pdu(AC, _REQUEST[6:]),
    "request of 2 GiB": struct.pack(">BxL", 1, 1 << 31) + bytes(1000),
    "request of 4 GiB": struct.pack(">BxL", 1, 0xFFFFFFFF) + bytes(1000),
    "request of 64 KiB and one": struct.pack(">BxL", 1, 65_537) + bytes(1000),
    "empty request": _request(b""),
    "request of zeros": _request(bytes(200)),
    "request cut in an item": _request(_REQUEST[6:90]),
    "item that is longer": _request(_REQUEST[6:74] + b"\x20\0\xff\xff" + bytes(50)),
    "no context": _request(_REQUEST[6:74]),
    "129 contexts": _request(_REQUEST[6:74] + struct.pack(">BxHBxxx", 0x20, 4, 1) * 129),
    "context cut": _request(_REQUEST[6:74] + b"\x20\0\0\x02\x01\0"),
    "context ids that are even": _with_context_ids(2, 4),
    "context id 0": _with_context_ids(0, 3),
    "one context id for two": _with_context_ids(1, 1),
    "user information cut": _request(_REQUEST[6:-3]),
    "16,000 empty items": _request(_REQUEST[6:74] + b"\x77\0\0\0" * 16_000),
}


@pytest.mark.parametrize("what", NOT_A_REQUEST)
def test_n05_n06_n07_what_is_no_request_is_aborted(node: AttackedNode, what: str) -> None:
    with node.sender() as stranger:
        stranger.socket.sendall(NOT_A_REQUEST[what])
        assert stranger.receive().kind == ABORT
        assert stranger.receive().kind == 0, "and the connection closed"


def test_n06_a_request_of_two_gigabytes_is_cut_at_its_head(node: AttackedNode) -> None:
    with node.sender() as stranger:
        stranger.socket.sendall(struct.pack(">BxL", 1, 1 << 31))
        with pytest.raises(OSError):
            for _ in range(30):
                stranger.socket.sendall(bytes(1 << 20))
    assert node.peak_memory < 20 << 20


def test_n05_a_pdu_of_four_gigabytes_is_cut_at_its_head(node: AttackedNode) -> None:
    with node.sender() as liar:
        liar.associate()
        liar.socket.sendall(struct.pack(">BxL", P_DATA, 0xFFFFFFFF))
        with pytest.raises(OSError):
            for _ in range(30):
                liar.socket.sendall(bytes(1 << 20))
    assert node.peak_memory < 20 << 20


def test_n10_a_store_in_one_pdu_longer_than_agreed_is_aborted(node: AttackedNode) -> None:
    large = encoded(radiograph(PixelData=bytes(4 << 20)))
    with node.sender() as sender:
        sender.associate()
        sender.send_command(_STORE)
        try:
            sender.send_data(large, last=True)
            assert sender.receive().kind in (ABORT, 0)
        except OSError:
            pass  # cut while it was still sending


BROKEN = {
    "a P-DATA-TF without a PDV": pdu(P_DATA, b""),
    "a PDV of length 0": pdu(P_DATA, struct.pack(">L", 0) + bytes(10)),
    "a PDV of length 1": pdu(P_DATA, struct.pack(">LB", 1, 1)),
    "a PDV of 4 GiB": pdu(P_DATA, struct.pack(">LBB", 0xFFFFFFFF, 1, 3) + bytes(10)),
    "a PDV that crosses its PDU": pdu(P_DATA, struct.pack(">LBB", 9999, 1, 3) + bytes(10)),
    "a PDV whose head is cut": pdu(P_DATA, b"\0\0\0"),
    "a second PDV whose head is cut": pdu(P_DATA, pdv(_ECHO, 3, 3) + b"\0\0"),
    "a context that was not accepted": pdu(P_DATA, pdv(_STORE, 77, 3)),
    "context 0": pdu(P_DATA, pdv(_STORE, 0, 3)),
    "a data set before its command": pdu(P_DATA, pdv(b"x" * 100, 1, 2)),
    "a data set on another context": pdu(P_DATA, pdv(_STORE, 1, 3)) + pdu(P_DATA, pdv(_DATA_SET, 3, 2)),
    "a data set after the last fragment": pdu(P_DATA, pdv(_ECHO, 3, 3)) + pdu(P_DATA, pdv(b"xx", 3, 2)),
    "a command inside a data set": pdu(P_DATA, pdv(_STORE, 1, 3))
    + pdu(P_DATA, pdv(_DATA_SET[:100], 1, 0))
    + pdu(P_DATA, pdv(_STORE, 1, 3)),
    "a data set inside a command": pdu(P_DATA, pdv(_STORE[:40], 1, 1)) + pdu(P_DATA, pdv(_DATA_SET, 1, 2)),
    "a command on two contexts": pdu(P_DATA, pdv(_STORE[:40], 1, 1)) + pdu(P_DATA, pdv(_STORE[40:], 3, 3)),
    "two messages interleaved": pdu(P_DATA, pdv(_STORE, 1, 3) + pdv(_DATA_SET[:50], 1, 0) + pdv(_ECHO, 3, 3)),
    "a command of garbage": pdu(P_DATA, pdv(b"garbage!" * 5, 1, 3)),
    "an empty command": pdu(P_DATA, pdv(b"", 1, 3)),
    "a command cut in an element": pdu(P_DATA, pdv(_STORE[:30], 1, 3)),
    "a command whose length lies": pdu(P_DATA, pdv(struct.pack("<HHL", 0, 2, 0xFFFFFFFF), 1, 3)),
    "a command with another group": pdu(P_DATA, pdv(_STORE + struct.pack("<HHL", 8, 0x18, 0), 1, 3)),
    "a command without its field": pdu(P_DATA, pdv(command({0x0002: uid(CR), 0x0800: us(1)}), 1, 3)),
    "a command whose field is a text": pdu(P_DATA, pdv(command({0x0100: b"C-STORE ", 0x0800: us(1)}), 1, 3)),
    "a command without end": pdu(P_DATA, pdv(bytes(9000), 1, 1)) * 3,
    "a response to nothing": pdu(P_DATA, pdv(_RESPONSE, 1, 3)),
    "a second request": _REQUEST,
    "an acceptance": pdu(AC, _REQUEST[6:]),
    "a rejection": pdu(RJ, bytes(4)),
    "a release answer that nobody asked for": pdu(RELEASE_RP, bytes(4)),
    "an unknown PDU": pdu(0x2A, bytes(4)),
    "garbage": random.Random(3).randbytes(5000),
}


@pytest.mark.parametrize("what", BROKEN)
def test_n11_a_broken_message_is_aborted(node: AttackedNode, what: str) -> None:
    with node.sender() as broken:
        assert broken.associate().kind == AC
        broken.socket.sendall(BROKEN[what])
        answer = broken.receive()
        while answer.kind == P_DATA:  # what came whole before it is answered
            answer = broken.receive()
        assert answer.kind == ABORT
        assert broken.receive().kind == 0


def test_n11_fragments_without_a_byte_are_allowed(node: AttackedNode) -> None:
    ds = radiograph()
    with node.sender() as sender:
        sender.associate()
        sender.socket.sendall(pdu(P_DATA, pdv(b"", 1, 1)))
        sender.send_command(store_command(CR, ds.SOPInstanceUID))
        sender.send_data(b"", last=False)
        sender.send_data(encoded(ds), last=False)
        sender.send_data(b"", last=True)
        assert sender.receive().status == SUCCESS
        sender.acknowledged(ds.SOPInstanceUID, encoded(ds))
        sender.end()


def test_n11_one_byte_fragments_and_many_in_one_pdu_are_the_same_message(node: AttackedNode) -> None:
    ds = radiograph()
    data_set = encoded(ds)
    fragments = [pdv(data_set[n : n + 1], 1, 0) for n in range(len(data_set))] + [pdv(b"", 1, 2)]
    with node.sender() as sender:
        sender.associate()
        whole = pdv(store_command(CR, ds.SOPInstanceUID), 1, 3) + b"".join(fragments)
        sender.socket.sendall(pdu(P_DATA, whole))
        assert sender.receive().status == SUCCESS
        sender.acknowledged(ds.SOPInstanceUID, data_set)
        sender.end()


def test_n15_two_hundred_stores_without_reading_an_answer(node: AttackedNode) -> None:
    with node.sender() as hasty:
        hasty.associate()
        images = [radiograph() for _ in range(200)]
        for ds in images:
            hasty.send_command(store_command(CR, ds.SOPInstanceUID))
            hasty.send_data(encoded(ds), last=True)
        for ds in images:
            answer = hasty.receive()
            assert answer.status == SUCCESS, "one after the other, in order"
            assert answer.elements[0x1000] == uid(ds.SOPInstanceUID)
            hasty.acknowledged(ds.SOPInstanceUID, encoded(ds))
        hasty.end()


def test_n11_a_release_in_mid_store_keeps_nothing(node: AttackedNode) -> None:
    with node.sender() as hasty:
        hasty.associate()
        hasty.send_command(_STORE)
        hasty.send_data(_DATA_SET[:200], last=False)
        assert hasty.release().kind == RELEASE_RP


def test_n11_two_releases_at_once(node: AttackedNode) -> None:
    with node.sender() as hasty:
        hasty.associate()
        hasty.socket.sendall(pdu(RELEASE_RQ, bytes(4)) * 2)
        assert hasty.receive().kind == RELEASE_RP
        assert hasty.receive().kind == 0


@pytest.mark.parametrize("ending", ["abort", "close", "reset"])
def test_n11_an_end_in_mid_store_keeps_nothing(node: AttackedNode, ending: str) -> None:
    with node.sender() as sender:
        sender.associate()
        sender.send_command(_STORE)
        sender.send_data(_DATA_SET[:200], last=False)
        if ending == "abort":
            sender.socket.sendall(pdu(ABORT, bytes(4)))
        elif ending == "reset":
            sender.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
