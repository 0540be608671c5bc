"""A PACS that is away for a week, stands still, dies in mid-delivery, or is cut off: everything is there afterwards.

The week is made short by ``[delivery]`` alone; ``benchmarks/week_outage.py`` does it with a thousand results.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from sqlalchemy import select

from dicom_node.ledger.tables import JobRow
from tests.dicom_node.delivery.committing_pacs import CommittingPacs
from tests.foreign_programs.chaos_proxy import Fault
from tests.foreign_programs.programs import wait_until
from tests.journey.toy_house import build_house, where_the_toy_scores
from tests.journey.waiting_node import WaitingNode

pytestmark = pytest.mark.timeout(900)
"""A busy machine is no fault."""

RESULTS = 20
Environment = dict[str, str]


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Nothing is scored here: a scoring process need not load more than a toy."""
    return where_the_toy_scores(build_house(tmp_path_factory.mktemp("house")))


def test_after_a_week_everything_goes_without_a_click_in_order_and_gently(tmp_path: Path, toy: Environment) -> None:
    """Given 20 results and no PACS; when it was asked in vain a dozen times and comes back; then it gets them all in
    order of completion, over two associations at a time, each object once, and commits them."""
    with WaitingNode(tmp_path, RESULTS, environment=toy) as node:
        wait_until("it was asked a dozen times", lambda: node.failures() >= 12, 180)
        assert node.jobs()["deliver", "waiting"] + node.jobs().get(("deliver", "leased"), 0) == RESULTS
        assert len(node.events("deliver_postponed")) == 1, "who is away is said once, not at every attempt"
        node.wire.most_at_once = 0
        node.orthanc.start()
        node.wait_for_delivery()
        node.check_pacs()
        assert node.wire.most_at_once <= 2
        assert in_order(node.events("stored_at_destination"))
        assert node.events("destination_back") == ["None"]
        assert node.jobs() == {(kind, "done"): RESULTS for kind in ("score", "deliver", "commit")}


def in_order(studies: list[str]) -> bool:
    """True when none came more than one place early: of two associations one may be held up, the other goes on."""
    return all(place - studies.index(uid) <= 1 for place, uid in enumerate(sorted(studies)))


def test_a_pacs_that_stands_still_and_one_that_dies_in_mid_delivery(tmp_path: Path, toy: Environment) -> None:
    """Given an Orthanc that gets results slowly; when it is stopped (SIGSTOP) until an answer was waited for in vain,
    goes on, is killed and started again; then it has each object once, with the bytes that were sent."""
    waits = "first_wait_seconds = 0.1\nlongest_wait_seconds = 0.5\nanswer_seconds = 4.0\ncommitment_first_seconds = 5.0"
    with WaitingNode(tmp_path, RESULTS, waits, toy) as node:
        node.wire.fault = Fault(delay=0.02)
        node.orthanc.start()
        assert node.orthanc.process is not None
        wait_until("the first are there", lambda: node.deliveries().get(("sent", False), 0) >= 4, 120)
        os.kill(node.orthanc.process.pid, signal.SIGSTOP)
        wait_until("an answer did not come", lambda: node.failures() >= 1, 120)
        os.kill(node.orthanc.process.pid, signal.SIGCONT)
        wait_until("it answers again", lambda: node.failures() == 0, 120)
        node.orthanc.process.kill()
        node.orthanc.process.wait()
        wait_until("nobody is there", lambda: node.failures() >= 1, 120)
        node.wire.healthy()
        node.orthanc.start()
        node.wait_for_delivery()
        node.check_pacs()


def test_a_pacs_that_answers_nothing_and_then_slowly(tmp_path: Path, toy: Environment) -> None:
    waits = "first_wait_seconds = 0.1\nlongest_wait_seconds = 0.5\nanswer_seconds = 4.0\ncommitment_first_seconds = 5.0"
    with WaitingNode(tmp_path, 5, waits, toy) as node:
        node.orthanc.start()
        node.wire.fault = Fault(swallow_after=0)
        wait_until("it was asked in vain", lambda: node.failures() >= 2, 180)
        node.wire.fault = Fault(delay=0.1, jitter=0.05)
        node.wait_for_delivery()
        node.check_pacs()


def test_a_refusal_and_a_lost_object_call_a_person_and_hold_up_nothing_else(
    tmp_path: Path, toy: dict[str, str]
) -> None:
    """Given four results; when the PACS refuses an object of the first for good, and stores one of the second and does
    not commit it however often it is sent; then both wait for a person, the others are there; and when the PACS is
    mended, `requeue --dead` brings all of it."""
    with WaitingNode(tmp_path, 4, environment=toy) as node, CommittingPacs(node.port) as pacs:
        refused, lost = "2.25.77000000.1", "2.25.77000001.1"
        pacs.refused, pacs.lost = {refused: 0xC000}, {lost: 0x0112}
        node.wire.to_port = pacs.port
        wait_until("both are parked", lambda: parked(node) == [("commit", "RS-324"), ("deliver", "RS-321")], 240)
        wait_until("the others are committed", lambda: node.jobs().get(("commit", "done"), 0) == 2, 240)
        assert node.verb("status").returncode == 1
        pacs.refused, pacs.lost = {}, {}
        assert node.verb("requeue", "--dead").returncode == 0
        node.wait_for_delivery()
        assert dict(pacs.kept) == node.sent
        assert all(node.sent[uid] == content for uid, content in pacs.kept), "sent again, with the same bytes"
        assert node.verb("status").returncode == 0


def parked(node: WaitingNode) -> list[tuple[str, str | None]]:
    """(kind, code) of what waits for a person."""
    with node.ledger.read() as session:
        rows = session.execute(select(JobRow.kind, JobRow.error_code).where(JobRow.state == "parked"))
        return sorted((kind, code) for kind, code in rows)
