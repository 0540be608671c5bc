"""A destination that is away is asked gently, and gets everything in order of urgency when it is back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dicom_node.errors import DestinationAwayError, DestinationBusyError, DestinationRefusesError, TransientError
from dicom_node.ledger.destinations import ask_now, is_away, next_jobs, note_answer
from dicom_node.ledger.due_jobs import WITHDRAWAL
from dicom_node.ledger.job_failures import fail
from dicom_node.ledger.job_restarts import requeue
from dicom_node.ledger.jobs import JobKind, LeasedJob, add_job, finish, take_lease
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import DestinationRow, JobRow, TimelineRow
from dicom_node.ledger.waits import Waits
from tests.dicom_node.ledger.ledgers import STUDY, add_study, job, new_ledger

AWAY = DestinationAwayError("Nobody answers.", at_the_door=True)
LOST_ANSWER = DestinationAwayError("No answer came.")
FULL = DestinationBusyError("0xA700, out of resources.")
TWO = 2
"""Associations at a time."""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = new_ledger(tmp_path)
    add_study(made)
    yield made
    made.close()


def put(ledger: Ledger, *keys: str, kind: JobKind = "deliver", to: str = "pacs", urgency: int = 0) -> list[str]:
    with ledger.write() as session:
        subject = {"system": "hand_joints", "destination": to}
        return [add_job(session, kind, key, STUDY, subject, urgency=urgency).id for key in keys]


def take(ledger: Ledger, hinted: str) -> LeasedJob | None:
    """As a worker does when a hint for this job comes."""
    return take_lease(ledger, hinted, "a:1:x", associations=TWO)


def try_one(ledger: Ledger, hinted: str, error: TransientError) -> str:
    """The key of the job that was tried, and failed."""
    leased = take(ledger, hinted)
    assert leased is not None
    with ledger.write() as session:
        fail(session, leased, error, attempts_allowed=3, waits=Waits(100.0, 1.0, 100.0))
    return leased.key


def do_one(ledger: Ledger, hinted: str) -> str:
    """The key of the job that was done."""
    leased = take(ledger, hinted)
    assert leased is not None
    with ledger.write() as session:
        note_answer(session, "pacs", "test")
        finish(session, leased)
    return leased.key


def let_time_pass(ledger: Ledger, *, also_for_jobs: bool = False) -> None:
    with ledger.write() as session:
        ask_now(session, ["pacs"])
        if also_for_jobs:
            session.query(JobRow).update({JobRow.run_after: 0.0})


def following(ledger: Ledger) -> list[str]:
    with ledger.read() as session:
        return [waiting.key for waiting in next_jobs(session, "pacs", TWO)]


def test_so_many_associations_at_once_and_no_more_whichever_job_was_hinted(ledger: Ledger) -> None:
    first, second, third = put(ledger, "1", "2", "3")
    taken = [take(ledger, hinted) for hinted in (third, third, second, first)]
    assert [each.key if each else None for each in taken] == ["1", "2", None, None]
    [other] = put(ledger, "4", to="archive")
    assert take(ledger, other) is not None


def test_the_most_urgent_goes_first(ledger: Ledger) -> None:
    """Given results in order of completion and a withdrawal after them; when a person asks for one of them."""
    hinted, *_ = put(ledger, "1", "2", "3")
    put(ledger, "withdrawal", urgency=WITHDRAWAL)
    put(ledger, "commit 0", kind="commit")
    assert [do_one(ledger, hinted) for _ in range(2)] == ["withdrawal", "1"]
    with ledger.write() as session:
        for row in session.query(JobRow).filter(JobRow.key == "2"):
            row.state = "parked"
        add_study_of_its_own(row)
        requeue(session, "dr who", study_instance_uid="2.25.2", parked=True)
    assert [do_one(ledger, hinted) for _ in range(3)] == ["2", "3", "commit 0"]


def add_study_of_its_own(row: JobRow) -> None:
    row.study_instance_uid = "2.25.2"


def test_one_association_is_left_to_deliveries(ledger: Ledger) -> None:
    confirmation, _ = put(ledger, "c1", "c2", kind="commit")
    assert take(ledger, confirmation) is not None
    assert take(ledger, confirmation) is None
    put(ledger, "1")
    assert following(ledger) == ["1"]


def test_who_is_away_is_asked_by_one_job_at_a_time_and_said_to_be_away_once(ledger: Ledger) -> None:
    hinted, *_ = put(ledger, "1", "2", "3")
    assert try_one(ledger, hinted, AWAY) == "1"
    assert following(ledger) == []
    for _ in range(50):
        let_time_pass(ledger)
        assert following(ledger) == ["1"], "the same job asks: nobody was reached, so the order stays"
        try_one(ledger, hinted, AWAY)
    with ledger.read() as session:
        row = session.get_one(DestinationRow, "pacs")
        assert (row.failures, row.error_code) == (51, "RS-311")
        events = [event for (event,) in session.query(TimelineRow.event)]
    assert events == ["deliver_started", "destination_away", "deliver_postponed"]
    let_time_pass(ledger)
    assert do_one(ledger, hinted) == "1"
    assert following(ledger) == ["2", "3"]
    assert not_away(ledger)


def not_away(ledger: Ledger) -> bool:
    with ledger.read() as session:
        return not is_away(session, "pacs")


def test_work_that_a_full_pacs_does_not_take_takes_turns(ledger: Ledger) -> None:
    hinted, *_ = put(ledger, "1", "2", "3")
    tried = []
    for _ in range(6):
        tried.append(try_one(ledger, hinted, FULL))
        let_time_pass(ledger, also_for_jobs=True)
    assert tried == ["1", "2", "3", "1", "2", "3"]


def test_one_object_that_a_destination_cannot_bear_keeps_no_other_one_waiting(ledger: Ledger) -> None:
    """Given a result over which the PACS always drops the connection; then the others go, and it comes again later."""
    bad, *_ = put(ledger, "bad", "1", "2")
    assert try_one(ledger, bad, LOST_ANSWER) == "bad"
    let_time_pass(ledger)
    assert [do_one(ledger, bad) for _ in range(2)] == ["1", "2"]
    assert (job(ledger, bad).postponed, following(ledger)) == (1, [])
    let_time_pass(ledger, also_for_jobs=True)
    assert following(ledger) == ["bad"]


def test_a_commitment_that_is_not_answered_holds_up_no_delivery(ledger: Ledger) -> None:
    [hinted] = put(ledger, "c", kind="commit")
    try_one(ledger, hinted, LOST_ANSWER)
    put(ledger, "1")
    assert following(ledger) == ["1"]


def test_a_permanent_refusal_stops_only_its_own_job(ledger: Ledger) -> None:
    hinted, _ = put(ledger, "1", "2")
    leased = take(ledger, hinted)
    assert leased is not None
    with ledger.write() as session:
        fail(session, leased, DestinationRefusesError("0xC000."), attempts_allowed=3)
    assert following(ledger) == ["2"]


def test_a_person_has_it_asked_at_once(ledger: Ledger) -> None:
    [hinted] = put(ledger, "1")
    try_one(ledger, hinted, AWAY)
    with ledger.write() as session:
        requeue(session, "dr who")
    assert following(ledger) == ["1"]
