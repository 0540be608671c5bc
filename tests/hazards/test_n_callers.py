"""Hazards N08, N17, N20: who may call, how often, and for which services."""

from __future__ import annotations

import struct
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from threading import Barrier

import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from tests.dicom_node.receiving.instances import CR, encoded, radiograph
from tests.dicom_node.receiving.raw_sender import (
    ABORT,
    AC,
    EXPLICIT,
    P_DATA,
    RJ,
    VERIFICATION,
    associate_request,
    command,
    pdu,
    uid,
    us,
)
from tests.hazards.attacked_node import SUCCESS, AttackedNode

FOREIGN_TITLES = {
    "unknown": "STRANGER",
    "other case": "sender",
    "empty": "",
    "all blanks": " " * 16,
    "longer by one": "SENDERX",
    "with a nul": "SEND\0ER",
    "a path": "../../../etc",
    "control characters": "\x1b[2J\r\nSENDER",
    "format": "%s%s%n",
    "not ASCII": b"\xff\xfeSENDER".decode("latin-1"),
}


def _request(calling: str, called: str = "RHEUMASCORE") -> bytes:
    body = associate_request()[6:]
    titles = called.encode("latin-1")[:16].ljust(16) + calling.encode("latin-1")[:16].ljust(16)
    return pdu(1, body[:4] + titles + body[36:])


@pytest.mark.parametrize("what", FOREIGN_TITLES)
def test_n08_an_unknown_caller_is_rejected(node: AttackedNode, what: str) -> None:
    with node.sender() as stranger:
        stranger.socket.sendall(_request(FOREIGN_TITLES[what]))
        answer = stranger.receive()
        assert (answer.kind, tuple(answer.body[1:4])) == (RJ, (1, 1, 3))
        assert stranger.receive().kind == 0
    last = node.events("association_rejected")[-1]
    assert last["reason"] == "calling AE title not recognised", "and it is in the log, one line"


@pytest.mark.parametrize("called", ["ELSEWHERE", "", "rheumascore", "RHEUMASCORE2", "../RHEUMASCORE"])
def test_n08_a_wrong_called_title_is_rejected(node: AttackedNode, called: str) -> None:
    with node.sender() as lost:
        lost.socket.sendall(_request("SENDER", called))
        answer = lost.receive()
        assert (answer.kind, tuple(answer.body[1:4])) == (RJ, (1, 1, 7))


def test_n08_a_stranger_that_sends_on_after_its_rejection_stores_nothing(node: AttackedNode) -> None:
    ds = radiograph()
    with node.sender() as stranger:
        assert stranger.associate(calling="STRANGER").kind == RJ
        with suppress(OSError):  # closed before it was done
            assert stranger.store(CR, ds.SOPInstanceUID, encoded(ds)).kind == 0


def test_n08_another_protocol_and_another_application_are_rejected(node: AttackedNode) -> None:
    request = bytearray(associate_request())
    other_protocol = bytes(request[:6]) + b"\0\2" + bytes(request[8:])
    with node.sender() as other:
        other.socket.sendall(other_protocol)
        assert tuple(other.receive().body[1:4]) == (1, 2, 2)
    with node.sender() as other:
        other.socket.sendall(bytes(request).replace(b"1.2.840.10008.3.1.1.1", b"1.2.840.10008.3.1.1.2"))
        assert tuple(other.receive().body[1:4]) == (1, 1, 2)


def test_n17_thirty_associations_of_one_caller(node: AttackedNode) -> None:
    with ExitStack() as opened:
        senders = [opened.enter_context(node.sender()) for _ in range(30)]
        kinds = [sender.associate() for sender in senders]
        assert [answer.kind for answer in kinds] == [AC] * 8 + [RJ] * 22
        assert {tuple(answer.body[1:4]) for answer in kinds[8:]} == {(2, 3, 2)}, "transient: it may come again"
        assert node.serves(), "others have their own"
        senders[0].end()
        with node.sender() as late:
            assert late.associate().kind == AC, "a released one makes room"


def test_n17_twenty_associations_at_once(node: AttackedNode) -> None:
    """Given twenty peers of one title that call at the same instant; then eight are served and twelve told to come
    again (2/3/2); none hangs, and those who come again are served."""
    together, answered = Barrier(20, timeout=100), Barrier(20, timeout=100)

    def call() -> int:
        with node.sender() as sender:
            sender.socket.settimeout(100)
            together.wait()
            first = sender.associate()
            answered.wait()
            if first.kind == AC:
                assert sender.store_one() == SUCCESS
                sender.end()
                return first.kind
        assert (first.kind, *first.body[1:4]) == (RJ, 2, 3, 2)
        while True:
            with node.sender() as again:
                again.socket.settimeout(100)
                if again.associate().kind == AC:
                    assert again.store_one() == SUCCESS
                    again.end()
                    return first.kind

    with ThreadPoolExecutor(20) as peers:
        kinds = [peer.result() for peer in [peers.submit(call) for _ in range(20)]]
    assert sorted(kinds) == [AC] * 8 + [RJ] * 12


DIMSE_NOT_OFFERED = {
    "C-GET": 0x10,
    "C-FIND": 0x20,
    "C-MOVE": 0x21,
    "N-EVENT-REPORT": 0x100,
    "N-GET": 0x110,
    "N-SET": 0x120,
    "N-ACTION": 0x130,
    "N-CREATE": 0x140,
    "N-DELETE": 0x150,
    "unknown": 0x7777,
}


@pytest.mark.parametrize("service", DIMSE_NOT_OFFERED)
@pytest.mark.parametrize("data_set", [b"", b"\0" * 5000])
def test_n20_a_service_that_is_not_offered_is_answered(node: AttackedNode, service: str, data_set: bytes) -> None:
    elements = {0x0002: uid(CR), 0x0003: uid(CR), 0x0100: us(DIMSE_NOT_OFFERED[service]), 0x0110: us(9)}
    with node.sender() as sender:
        sender.associate()
        sender.send_command(command(elements | {0x0800: us(1 if data_set else 0x0101)}))
        if data_set:
            sender.send_data(data_set, last=True)
        answer = sender.receive()
        assert answer.status == 0x0211
        assert answer.elements[0x0120] == us(9)
        assert sender.echo().status == SUCCESS
        sender.end()


def test_n20_a_large_data_set_for_a_service_that_is_not_offered_is_aborted(node: AttackedNode) -> None:
    with node.sender() as sender:
        sender.associate()
        sender.send_command(command({0x0002: uid(CR), 0x0100: us(0x20), 0x0110: us(9), 0x0800: us(1)}))
        with pytest.raises((OSError, AssertionError)):
            for _ in range(200):
                sender.send_data(bytes(100_000), last=False)
            assert sender.receive().kind == P_DATA


def test_n20_a_cancel_of_nothing_is_passed_over(node: AttackedNode) -> None:
    with node.sender() as sender:
        sender.associate()
        sender.send_command(command({0x0100: us(0x0FFF), 0x0120: us(7), 0x0800: us(0x101)}))
        assert sender.echo().status == SUCCESS
        sender.end()


@pytest.mark.parametrize("context", [1, 3])
def test_n20_a_store_on_a_context_for_something_else_is_refused(node: AttackedNode, context: int) -> None:
    ds = radiograph(SOPClassUID=VERIFICATION)
    with node.sender() as sender:
        sender.associate()
        answer = sender.store(VERIFICATION, ds.SOPInstanceUID, encoded(ds), context=context)
        assert answer.status == 0x0122
        sender.end()


def test_n20_a_store_on_a_context_that_was_not_accepted_is_aborted(node: AttackedNode) -> None:
    ds = radiograph()
    with node.sender() as sender:
        sender.associate(("1.2.840.10008.5.1.4.1.2.2.1", (EXPLICIT,)), (VERIFICATION, (EXPLICIT,)))
        assert sender.results[1][0] == 3, "C-FIND is not offered"
        with suppress(OSError):  # cut while it was still sending
            assert sender.store(CR, ds.SOPInstanceUID, encoded(ds)).kind in (ABORT, 0)


def test_d11_deflated_is_never_agreed(node: AttackedNode) -> None:
    with node.sender() as sender:
        sender.associate((CR, (DeflatedExplicitVRLittleEndian,)), (CR, (DeflatedExplicitVRLittleEndian, EXPLICIT)))
        assert sender.results[1][0] == 4
        assert sender.results[3] == (0, EXPLICIT)
        sender.end()


def test_n08_what_a_peer_says_of_itself_is_not_believed(node: AttackedNode) -> None:
    """A largest PDU of 1 byte, of 4 GiB, of a 1,000-byte number; item types nobody knows."""
    for longest in (struct.pack(">L", 1), struct.pack(">L", 0xFFFFFFFF), b"\xff" * 1000, b""):
        body = associate_request()[6:]
        at = body.index(b"\x51\0\0\4")
        user = b"\x51\0" + struct.pack(">H", len(longest)) + longest + b"\x99\0\0\4abcd"
        body = body[: at - 4] + b"\x50\0" + struct.pack(">H", len(user)) + user
        with node.sender() as odd:
            odd.socket.sendall(pdu(1, body))
            assert odd.receive().kind == AC
            assert odd.echo().status == SUCCESS
            odd.end()
