"""Jobs: one row for one work, one worker at a time, and an end for every failure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import time

import pytest

from dicom_node.errors import ContentNotWrittenError, DestinationRefusesError, LeaseLostError
from dicom_node.ledger.due_jobs import is_due
from dicom_node.ledger.job_failures import CRASHED, end_lost_lease, fail, release_leases_of
from dicom_node.ledger.job_restarts import hasten, hold_back, release_held, requeue
from dicom_node.ledger.jobs import JobKind, LeasedJob, add_job, finish, renew, take_lease
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import JobRow, StudyRow
from dicom_node.ledger.timeline import timeline_of
from dicom_node.ledger.waits import LONGEST_WAIT_SECONDS, WAITS
from tests.dicom_node.ledger.ledgers import STUDY, add_study, job, new_ledger, study


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = new_ledger(tmp_path)
    add_study(made)
    yield made
    made.close()


def new_job(ledger: Ledger, kind: JobKind = "score", key: str = "k", *, held: bool = False, **subject: str) -> str:
    with ledger.write() as session:
        return add_job(session, kind, key, STUDY, {"system": "hand_joints", **subject}, held=held).id


def lease(ledger: Ledger, job_id: str, owner: str = "a:1:x") -> LeasedJob:
    leased = take_lease(ledger, job_id, owner)
    assert leased is not None
    return leased


def make_due(ledger: Ledger, job_id: str) -> None:
    with ledger.write() as session:
        session.get_one(JobRow, job_id).run_after = 0.0


def crash(ledger: Ledger, job_id: str) -> None:
    lease(ledger, job_id)
    with ledger.write() as session:
        end_lost_lease(session, session.get_one(JobRow, job_id), "reaper", 3)


def test_the_same_work_is_one_job(ledger: Ledger) -> None:
    assert new_job(ledger) == new_job(ledger)


def test_only_one_worker_gets_the_lease(ledger: Ledger) -> None:
    job_id = new_job(ledger)
    assert take_lease(ledger, job_id, "a:1:x") is not None
    assert take_lease(ledger, job_id, "a:2:y") is None
    assert take_lease(ledger, "no such job", "a:2:y") is None


def test_work_without_a_destination_is_taken_by_its_own_id(ledger: Ledger) -> None:
    """Given two jobs that name no destination; when a worker of deliveries asks for the second; then it gets that."""
    new_job(ledger, key="first")
    second = new_job(ledger, key="second")
    taken = take_lease(ledger, second, "a:1:x", associations=2)
    assert taken is not None
    assert taken.id == second


def test_a_job_ends_done(ledger: Ledger) -> None:
    leased = lease(ledger, new_job(ledger))
    with ledger.write() as session:
        finish(session, leased)
    row = job(ledger, leased.id)
    assert (row.state, row.lease_owner, row.attempts) == ("done", None, 1)
    assert take_lease(ledger, leased.id, "a:2:y") is None


def test_who_lost_the_lease_cannot_write(ledger: Ledger) -> None:
    """Given a lease that was ended, and taken by another; when the first writes; then nothing of it stands."""
    first = lease(ledger, new_job(ledger))
    with ledger.write() as session:
        release_leases_of(session, "a:1:", "supervisor", 3)
    second = lease(ledger, first.id, "a:2:y")
    assert second.fencing > first.fencing
    for act in (
        lambda s: finish(s, first),
        lambda s: renew(s, first),
        lambda s: fail(s, first, ValueError(), attempts_allowed=3),
    ):
        with pytest.raises(LeaseLostError), ledger.write() as session:
            act(session)
    with ledger.write() as session:
        finish(session, second)
    assert job(ledger, first.id).state == "done"


def test_a_lease_that_was_ended_is_lost_before_another_has_it(ledger: Ledger) -> None:
    leased = lease(ledger, new_job(ledger))
    with ledger.write() as session:
        release_leases_of(session, "a:1:", "supervisor", 3)
    with pytest.raises(LeaseLostError), ledger.write() as session:
        finish(session, leased)
    assert job(ledger, leased.id).state == "waiting"
    with ledger.read() as session:
        assert [row.event for row in timeline_of(session, STUDY)][-1] == "score_lease_lost"


def test_what_does_not_wait_is_neither_released_nor_hastened_nor_held_back(ledger: Ledger) -> None:
    """Given a job that was given up, and was to run later, and one in hand; then they stay as they are."""
    parked = new_job(ledger, "deliver", "1", destination="pacs")
    in_hand = lease(ledger, new_job(ledger, "deliver", "2", destination="pacs")).id
    later = time() + 1000
    with ledger.write() as session:
        row = session.get_one(JobRow, parked)
        row.state, row.run_after = "parked", later
    with ledger.write() as session:
        release_held(session, session.get_one(JobRow, parked), "dr who")
        assert not hasten(session, parked)
        assert hold_back(session, "deliver", "pacs", later + 1000) == 0
    assert (job(ledger, parked).state, job(ledger, parked).run_after) == ("parked", later)
    assert (job(ledger, in_hand).state, job(ledger, in_hand).run_after) == ("leased", 0.0)


def test_a_job_that_only_waits_is_hurried_and_its_study_stays_as_it_is(ledger: Ledger) -> None:
    leased = lease(ledger, new_job(ledger))
    with ledger.write() as session:
        fail(session, leased, ContentNotWrittenError("No room."), attempts_allowed=3)
        session.get_one(StudyRow, STUDY).state = "delivering"
    with ledger.write() as session:
        assert requeue(session, "dr who") == 1
    row = job(ledger, leased.id)
    assert (row.state, row.run_after, row.postponed, study(ledger).state) == ("waiting", 0.0, 1, "delivering")
    with ledger.read() as session:
        events = [row.event for row in timeline_of(session, STUDY)]
    assert events == ["score_started", "score_postponed", "score_requeued"]


def test_a_lease_speaks_for_its_own_job_only(ledger: Ledger) -> None:
    """Given two jobs, each leased for the first time; when one ends, then the other is as it was."""
    first, second = (lease(ledger, new_job(ledger, key=key)) for key in ("1", "2"))
    assert first.fencing == second.fencing
    with ledger.write() as session:
        finish(session, first)
    assert (job(ledger, first.id).state, job(ledger, second.id).state) == ("done", "leased")
    with ledger.write() as session:
        renew(session, second)


def test_a_transient_failure_waits_longer_each_time_and_never_gives_up(ledger: Ledger) -> None:
    job_id = new_job(ledger)
    waits = []
    for _ in range(12):
        leased = lease(ledger, job_id)
        with ledger.write() as session:
            row = fail(session, leased, ContentNotWrittenError("No room."), attempts_allowed=3)
            waits.append(row.run_after - time())
        assert take_lease(ledger, job_id, "a:1:x") is None  # not due yet
        make_due(ledger, job_id)
    row = job(ledger, job_id)
    assert (row.state, row.attempts, row.postponed, row.error_code) == ("waiting", 0, 12, "RS-314")
    assert waits[0] < waits[2] < waits[4]
    assert max(waits) <= 1.25 * LONGEST_WAIT_SECONDS
    assert study(ledger).state == "scoring"


def test_waits_differ_so_that_not_all_come_back_at_once() -> None:
    assert len({WAITS.after(6) for _ in range(20)}) > 10


def test_a_permanent_failure_is_parked_at_once_with_its_reason(ledger: Ledger) -> None:
    leased = lease(ledger, new_job(ledger))
    with ledger.write() as session:
        fail(session, leased, DestinationRefusesError("It refuses."), attempts_allowed=3)
    assert job(ledger, leased.id).state == "parked"
    assert study(ledger).state == "failed"
    assert study(ledger).reasons == [{"code": "RS-321", "text": "It refuses.", "system": "hand_joints"}]


def test_an_unforeseen_error_is_tried_thrice_and_its_text_is_not_kept(ledger: Ledger) -> None:
    job_id = new_job(ledger)
    for attempt in (1, 2, 3):
        leased = lease(ledger, job_id)
        assert leased.attempts == attempt
        with ledger.write() as session:
            fail(session, leased, KeyError("Doe^Jane"), attempts_allowed=3)
        make_due(ledger, job_id)
    row = job(ledger, job_id)
    assert (row.state, row.error_code) == ("parked", CRASHED)
    assert "KeyError" in str(row.error_text)
    assert "Doe" not in str(row.error_text)


def test_a_study_that_kills_its_worker_is_parked(ledger: Ledger) -> None:
    job_id = new_job(ledger)
    for _ in range(3):
        crash(ledger, job_id)
    assert job(ledger, job_id).state == "parked"
    assert study(ledger).reasons[0]["code"] == CRASHED


def test_a_delivery_whose_worker_dies_only_waits(ledger: Ledger) -> None:
    job_id = new_job(ledger, "deliver")
    for _ in range(5):
        crash(ledger, job_id)
        make_due(ledger, job_id)
    assert (job(ledger, job_id).state, job(ledger, job_id).attempts) == ("waiting", 0)


def test_only_the_leases_of_the_dead_process_end(ledger: Ledger) -> None:
    dead, alive = new_job(ledger, key="1"), new_job(ledger, key="2")
    lease(ledger, dead, "host:12:a-1")
    lease(ledger, alive, "host:123:a-1")
    with ledger.write() as session:
        assert release_leases_of(session, "host:12:", "supervisor", 3) == 1
    assert (job(ledger, dead).state, job(ledger, alive).state) == ("waiting", "leased")


def test_a_held_job_runs_only_when_released(ledger: Ledger) -> None:
    job_id = new_job(ledger, "deliver", held=True)
    assert take_lease(ledger, job_id, "a:1:x") is None
    with ledger.write() as session:
        release_held(session, session.get_one(JobRow, job_id), "dr who")
    assert take_lease(ledger, job_id, "a:1:x") is not None


def test_a_person_starts_again_what_was_given_up(ledger: Ledger) -> None:
    leased = lease(ledger, new_job(ledger))
    with ledger.write() as session:
        fail(session, leased, DestinationRefusesError("It refuses."), attempts_allowed=3)
    with ledger.write() as session:
        assert requeue(session, "dr who", parked=False) == 0
        assert requeue(session, "dr who", parked=True) == 1
    assert lease(ledger, leased.id).attempts == 1
    assert (study(ledger).state, study(ledger).reasons) == ("scoring", [])


def test_jobs_of_one_kind_for_one_destination_are_held_back_together(ledger: Ledger) -> None:
    ours, other = new_job(ledger, "commit", "1", destination="pacs"), new_job(ledger, "commit", "2", destination="Pacs")
    with ledger.write() as session:
        assert hold_back(session, "commit", "pacs", time() + 100) == 1
    assert take_lease(ledger, ours, "a:1:x") is None
    lease(ledger, other)
    with ledger.write() as session:
        assert hasten(session, ours)
        assert not hasten(session, other)
    lease(ledger, ours)


def test_a_clock_that_is_set_back_holds_no_job_for_a_day() -> None:
    now = time()
    assert is_due(now - 1, now)
    assert not is_due(now + LONGEST_WAIT_SECONDS, now)
    assert is_due(now + 86_400, now)


def test_everything_is_in_the_timeline_in_its_order(ledger: Ledger) -> None:
    leased = lease(ledger, new_job(ledger))
    with ledger.write() as session:
        fail(session, leased, DestinationRefusesError("It refuses."), attempts_allowed=3)
    with ledger.read() as session:
        events = [row.event for row in timeline_of(session, STUDY)]
    assert events == ["score_started", "score_parked", "failed"]
