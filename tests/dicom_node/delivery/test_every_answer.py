"""Whatever a PACS answers, or does not: what becomes of the job, the study and each object, and where it is told.

Every row over real sockets. The picture meets the answer; the report behind it is stored where it is still sent.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from dicom_node.delivery import association_to_peer
from dicom_node.peers import Peer
from tests.dicom_node.delivery.house import House, open_house
from tests.dicom_node.delivery.scripted_pacs import ScriptedPacs
from tests.foreign_programs.programs import free_port


@dataclass(frozen=True)
class Outcome:
    """What follows: of the job, the study, and picture and report (state, proof)."""

    job: str
    code: str | None
    study: str
    picture: tuple[str, str]
    report: tuple[str, str]
    event: str


CONFIRMED = ("sent", "confirmed")
SENT = Outcome("done", None, "delivered", CONFIRMED, CONFIRMED, "stored_at_destination")
LATER = Outcome("waiting", "RS-312", "delivering", ("waiting", ""), ("waiting", ""), "deliver_postponed")
UNKNOWN = Outcome("waiting", "RS-311", "delivering", ("waiting", "sent"), ("waiting", ""), "deliver_postponed")
REFUSED = Outcome("parked", "RS-321", "failed", ("failed", ""), CONFIRMED, "deliver_parked")
AWAY = Outcome("waiting", "RS-311", "delivering", ("waiting", ""), ("waiting", ""), "deliver_postponed")
NOT_LET_IN = Outcome("parked", "RS-321", "failed", ("failed", ""), ("failed", ""), "deliver_parked")

STATUSES: Final = {
    0x0000: SENT, 0x0107: SENT, 0x0111: SENT, 0x0116: SENT, 0xB000: SENT, 0xB006: SENT, 0xB007: SENT,
    0xA700: LATER, 0xA701: LATER, 0xA7FF: LATER, 0x0110: LATER, 0x0213: LATER,
    0xA900: REFUSED, 0xA9FF: REFUSED, 0xC000: REFUSED, 0xCFFF: REFUSED, 0x0117: REFUSED, 0x0122: REFUSED,
    0x0124: REFUSED,
}  # fmt: skip
REJECTIONS: Final = {
    (1, 1, 1): NOT_LET_IN, (1, 1, 2): NOT_LET_IN, (1, 1, 3): NOT_LET_IN, (1, 1, 7): NOT_LET_IN, (1, 2, 2): NOT_LET_IN,
    (2, 3, 1): LATER, (2, 3, 2): LATER,
}  # fmt: skip


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = open_house(tmp_path)
    yield made
    made.ledger.close()


def check(house: House, job_id: str, expected: Outcome, words: str) -> None:
    """Deliver, and compare ledger, ``status`` and timeline; ``words`` say why, for people."""
    row = house.deliver(job_id)
    assert (row.state, row.error_code) == (expected.job, expected.code)
    status = house.status()
    [result] = status["results"]
    assert [(d["state"], d["proof"]) for d in result["deliveries"]] == [expected.picture, expected.report]
    assert status["state"] == expected.study
    [event] = [event for event in status["timeline"] if event["event"] == expected.event]
    if expected.code:
        [job] = [job for job in status["jobs"] if job["kind"] == "deliver"]
        assert words in job["error_text"]
        assert words in event["text"]


@pytest.mark.parametrize("status", STATUSES, ids=hex)
def test_a_status(house: House, status: int) -> None:
    with ScriptedPacs(status) as pacs:
        [job_id] = house.put(pacs.peer)
        check(house, job_id, STATUSES[status], f"0x{status:04X}")
        [result] = house.status()["results"]
        assert result["deliveries"][0]["status"] == f"0x{status:04X}"


@pytest.mark.parametrize("word", ["abort", "drop", "other", "stranger", "empty"])
def test_no_answer_to_what_was_sent(house: House, word: str) -> None:
    with ScriptedPacs(word) as pacs:
        [job_id] = house.put(pacs.peer)
        check(house, job_id, UNKNOWN, "whether it was stored is not known")


def test_no_answer_at_all(house: House) -> None:
    with ScriptedPacs("hang") as pacs:
        [job_id] = house.put(pacs.peer)
        house.wait_for_answers(1.0)
        check(house, job_id, UNKNOWN, "no answer came")


@pytest.mark.parametrize("rejection", REJECTIONS, ids=str)
def test_a_rejection(house: House, rejection: tuple[int, int, int]) -> None:
    with ScriptedPacs() as pacs:
        pacs.rejection = rejection
        [job_id] = house.put(pacs.peer)
        check(house, job_id, REJECTIONS[rejection], "rejected the association")


def test_no_presentation_context(house: House) -> None:
    with ScriptedPacs(transfer_syntaxes=("1.2.840.10008.1.2.4.50",)) as pacs:
        [job_id] = house.put(pacs.peer)
        check(house, job_id, NOT_LET_IN, "takes none of what we offered")


@pytest.mark.parametrize("manner", ["silent", "closed", "garbage"])
def test_something_listens_that_is_no_pacs(house: House, manner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(association_to_peer, "_NEGOTIATE_SECONDS", 2.0)
    with no_pacs(manner) as port:
        [job_id] = house.put(Peer("pacs", "PACS", "127.0.0.1", port, receives_results=True))
        check(house, job_id, AWAY, "is it a DICOM port?")


def test_nobody_listens(house: House) -> None:
    [job_id] = house.put(Peer("pacs", "PACS", "127.0.0.1", free_port(), receives_results=True))
    check(house, job_id, AWAY, "Nobody answers as pacs")


@contextmanager
def no_pacs(manner: str) -> Iterator[int]:
    """A port that takes a connection and says nothing, closes it, or says something else."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        kept: list[socket.socket] = []

        def answer() -> None:
            connection, _ = listening.accept()
            if manner == "garbage":
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            if manner == "silent":
                kept.append(connection)
            else:
                connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()
        for connection in kept:
            connection.close()
