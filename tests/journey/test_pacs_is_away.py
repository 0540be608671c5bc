"""A PACS that is away for a week, stands still, dies in mid-delivery, or is cut off: everything is there afterwards.

The week is made short by ``[delivery]`` alone; ``benchmarks/week_outage.py`` does it with a thousand results.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.foreign_programs.chaos_proxy import Fault
from tests.foreign_programs.programs import wait_until
from tests.journey.waiting_node import WaitingNode

RESULTS = 20


def test_after_a_week_everything_goes_without_a_click_in_order_and_gently(tmp_path: Path) -> None:
    """Given 20 results and no PACS; when it was asked in vain a dozen times and comes back; then it gets them all in
    order of completion, over two associations at a time, each object once, and commits them."""
    with WaitingNode(tmp_path, RESULTS) as node:
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
    """True when none came more than one place early: two associations may overtake each other by one."""
    return all(abs(studies.index(uid) - place) <= 1 for place, uid in enumerate(sorted(studies)))


def test_a_pacs_that_stands_still_and_one_that_dies_in_mid_delivery(tmp_path: Path) -> None:
    """Given an Orthanc that gets results slowly; when it is stopped (SIGSTOP) until an answer was waited for in vain,
    goes on, is killed and started again; then it has each object once, with the bytes that were sent."""
    waits = "first_wait_seconds = 0.1\nlongest_wait_seconds = 0.5\nanswer_seconds = 4.0\ncommitment_first_seconds = 5.0"
    with WaitingNode(tmp_path, RESULTS, waits) as node:
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
