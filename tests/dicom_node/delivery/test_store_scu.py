"""A peer that is silent, full, gone or stalled: every step ends, with words that say what to do."""

from __future__ import annotations

import os
import signal
import socket
from typing import Any

import pytest
from pynetdicom import AE, evt

from dicom_node.delivery import association_to_peer
from dicom_node.delivery.destination import OutgoingObject
from dicom_node.delivery.part10_bytes import read_part10
from dicom_node.delivery.store_answer import read_store_status
from dicom_node.delivery.store_scu import StoreAssociation, echo, open_association
from dicom_node.errors import DestinationAwayError
from dicom_node.peers import Peer
from tests.dicom_node.delivery.finished_objects import finished_picture
from tests.dicom_node.delivery.scripted_pacs import ScriptedPacs
from tests.foreign_programs.orthanc import Orthanc
from tests.foreign_programs.programs import free_port


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(association_to_peer, "_NEGOTIATE_SECONDS", 0.5)


def kinds_of(outgoing: OutgoingObject) -> frozenset[tuple[str, str]]:
    return frozenset({(outgoing.sop_class_uid, outgoing.transfer_syntax_uid)})


def test_echo_is_answered_with_its_time() -> None:
    with ScriptedPacs() as pacs:
        answer = echo(pacs.peer, "RHEUMASCORE")
    assert answer.alive
    assert answer.milliseconds > 0


def test_echo_says_that_nobody_listens() -> None:
    answer = echo(Peer("pacs", "PACS", "127.0.0.1", free_port()), "RHEUMASCORE")
    assert not answer.alive
    assert "Nobody answers as pacs" in answer.text


def test_echo_says_that_a_host_does_not_exist() -> None:
    answer = echo(Peer("pacs", "PACS", "no-such-host.invalid", 104), "RHEUMASCORE")
    assert not answer.alive
    assert "Nobody answers as pacs" in answer.text


def test_echo_says_why_it_was_rejected() -> None:
    with ScriptedPacs() as pacs:
        pacs.rejection = (1, 1, 7)
        answer = echo(pacs.peer, "RHEUMASCORE")
    assert not answer.alive
    assert "alled AE title" in answer.text


class EchoingPacs(ScriptedPacs):
    """Answers C-ECHO with this status; None: aborts."""

    def __init__(self, status: int | None) -> None:
        super().__init__()
        self._status = status

    def _offer_more(self, _entity: AE) -> list[Any]:
        return [(evt.EVT_C_ECHO, self._on_echo)]

    def _on_echo(self, event: Any) -> int:
        if self._status is None:
            event.assoc.abort()
        return self._status or 0x0000


@pytest.mark.parametrize(("status", "words"), [(0x0122, "answered 0x0122"), (None, "gave no answer")])
def test_echo_says_how_it_was_answered(status: int | None, words: str) -> None:
    with EchoingPacs(status) as pacs:
        answer = echo(pacs.peer, "RHEUMASCORE")
    assert not answer.alive
    assert words in answer.text


def test_a_peer_that_accepts_the_connection_and_is_silent(short_waits: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        answer = echo(Peer("pacs", "PACS", "127.0.0.1", silent.getsockname()[1]), "RHEUMASCORE")
    assert not answer.alive


def test_a_peer_that_takes_no_more_bytes_in_the_middle_of_an_object(orthanc: Orthanc) -> None:
    """Given an association; when the peer stops reading half way through 64 MB; then the answer is unknown."""
    peer = Peer("pacs", "ORTHANC", "127.0.0.1", orthanc.dicom_port)
    small = read_part10(finished_picture().content)
    large = OutgoingObject(small.sop_class_uid, small.sop_instance_uid, small.transfer_syntax_uid, bytes(64 << 20))
    assert orthanc.process is not None
    with open_association(peer, "RHEUMASCORE", kinds_of(small), answer_seconds=0.5) as association:
        os.kill(orthanc.process.pid, signal.SIGSTOP)
        try:
            answer = association.send(large)
        finally:
            os.kill(orthanc.process.pid, signal.SIGCONT)
        assert (answer.verdict, answer.status) == ("unknown", None)
        assert not association.usable


def test_an_object_whose_class_was_not_offered_is_refused_without_asking() -> None:
    small = read_part10(finished_picture().content)
    with ScriptedPacs() as pacs, open_association(pacs.peer, "RHEUMASCORE", kinds_of(small)) as association:
        other = OutgoingObject("1.2.840.10008.5.1.4.1.1.1", "2.25.1", small.transfer_syntax_uid, small.data_set)
        assert association.send(other).verdict == "never"
        assert association.send(small).verdict == "sent"


def test_on_an_association_that_ended_nothing_is_sent_and_nothing_waited_for() -> None:
    small = read_part10(finished_picture().content)
    with ScriptedPacs() as pacs, open_association(pacs.peer, "RHEUMASCORE", kinds_of(small)) as association:
        association.close()
        answer = association.send(small)
    assert (answer.verdict, answer.status) == ("unknown", None)
    assert "the association had ended" in answer.text


def test_small_objects_do_not_wait_for_nagle() -> None:
    small = read_part10(finished_picture().content)
    with ScriptedPacs() as pacs, open_association(pacs.peer, "RHEUMASCORE", kinds_of(small)) as association:
        connection = association._association.dul.socket.socket
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_an_error_in_our_own_code_aborts_the_association() -> None:
    small = read_part10(finished_picture().content)
    with ScriptedPacs() as pacs:
        with (
            pytest.raises(ZeroDivisionError),
            open_association(pacs.peer, "RHEUMASCORE", kinds_of(small)) as association,
        ):
            _ = 1 / 0
        assert not association.usable


def test_nobody_there_is_transient() -> None:
    small = read_part10(finished_picture().content)
    with (
        pytest.raises(DestinationAwayError),
        open_association(Peer("pacs", "PACS", "127.0.0.1", free_port()), "RHEUMASCORE", kinds_of(small)),
    ):
        pass


@pytest.mark.parametrize(
    ("status", "verdict", "words"),
    [
        (0x0000, "sent", "stored"),
        (0x0107, "sent", "an attribute list error was noted"),
        (0x0111, "sent", "it holds this object already"),
        (0x0116, "sent", "a value out of range was noted"),
        (0xB000, "sent", "data elements were coerced"),
        (0xB006, "sent", "elements were discarded"),
        (0xB007, "sent", "the data set does not match its SOP Class"),
        (0xBFFF, "sent", "stored with a warning"),
        (0x0110, "later", "processing failure"),
        (0x0213, "later", "resource limitation"),
        (0xA700, "later", "out of resources"),
        (0xA7FF, "later", "out of resources"),
        (0xA800, "never", "failure"),
        (0xA900, "never", "data set does not match SOP Class"),
        (0xA9FF, "never", "data set does not match SOP Class"),
        (0xC000, "never", "cannot understand"),
        (0xCFFF, "never", "cannot understand"),
        (0x0117, "never", "invalid SOP Instance UID"),
        (0x0122, "never", "SOP Class not supported"),
        (0x0124, "never", "not authorised"),
        (0xFE00, "never", "failure"),
    ],
)
def test_each_status_has_one_meaning(status: int, verdict: str, words: str) -> None:
    answer = read_store_status(status, "why\nnot\x07")
    assert answer.verdict == verdict
    assert f"0x{status:04X}" in answer.text
    assert words in answer.text
    assert answer.text.isprintable()


def test_an_association_that_ended_leaves_no_socket_open() -> None:
    small = read_part10(finished_picture().content)
    with ScriptedPacs() as pacs:
        for close in (StoreAssociation.close, lambda ended: ended.close(abort=True)):
            with open_association(pacs.peer, "RHEUMASCORE", kinds_of(small)) as association:
                association.send(small)
                close(association)
                assert association._association.ae._socket.fileno() == -1
