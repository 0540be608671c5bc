"""What was stored is asked for until its destination commits it: on any association, after any loss, never in the way.

The peers are Orthanc, which reports on a new association to the listener, and a PACS of pynetdicom for the odd cases.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import time

import pytest
from pynetdicom import AE
from sqlalchemy import select

from dicom_node.delivery import storage_commitment
from dicom_node.delivery.patience import DeliverySection
from dicom_node.delivery.storage_commitment import MOST_RESENDS, request_commitment
from dicom_node.errors import LeaseLostError
from dicom_node.ledger.job_restarts import requeue
from dicom_node.ledger.jobs import take_lease
from dicom_node.ledger.tables import CommitmentRow, DeliveryRow, JobRow, TimelineRow
from dicom_node.peers import Peer
from dicom_node.receiving.inbox import Inbox
from dicom_node.receiving.listener import Listener
from tests.dicom_node.delivery.committing_pacs import CommittingPacs
from tests.dicom_node.delivery.house import OBJECTS, House, open_house, sent_bytes
from tests.dicom_node.delivery.scripted_pacs import ScriptedPacs
from tests.dicom_node.ledger.ledgers import job, new_ledger, taken_twice
from tests.foreign_programs.orthanc import Orthanc
from tests.foreign_programs.programs import wait_until

PICTURE, REPORT = (item.sop_instance_uid for item in OBJECTS)
NO_SUCH_INSTANCE, PROCESSING_FAILURE = 0x0112, 0x0110


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(storage_commitment, "_SAME_ASSOCIATION_SECONDS", 30.0)
    made = open_house(tmp_path)
    yield made
    made.ledger.close()


@pytest.fixture
def pacs(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommittingPacs]:
    """Everything is stored there, and nothing was asked yet; it is silent when it is."""
    monkeypatch.setattr(storage_commitment, "_SAME_ASSOCIATION_SECONDS", 0.2)
    with CommittingPacs(house.settings.node.port, *["silent"] * 9) as running:
        [job_id] = house.put(running.peer)
        assert house.deliver(job_id).state == "done"
        yield running


@contextmanager
def listening(house: House) -> Iterator[None]:
    listener = Listener(house.settings, Inbox(house.store, house.ledger, house.settings.limits))
    thread = threading.Thread(target=listener.serve_until_stopped)
    thread.start()
    try:
        yield
    finally:
        listener.stop()
        thread.join()


def committed(house: House) -> list[bool]:
    with house.ledger.read() as session:
        return list(session.scalars(select(DeliveryRow.committed).order_by(DeliveryRow.id)))


def delivery_job(house: House) -> str:
    with house.ledger.read() as session:
        return session.scalars(select(JobRow.id).where(JobRow.kind == "deliver")).one()


def events(house: House) -> list[str]:
    with house.ledger.read() as session:
        return list(session.scalars(select(TimelineRow.event).order_by(TimelineRow.id)))


def commitment(house: House) -> str:
    """What ``status`` says of the one destination."""
    [place] = house.status()["destinations"]
    words: str = place["commitment"]
    return words


@pytest.mark.parametrize("association", ["same", "new"])
def test_a_report_on_either_association_commits_every_object(house: House, association: str) -> None:
    with CommittingPacs(house.settings.node.port, association) as pacs:
        [job_id] = house.put(pacs.peer)
        house.deliver(job_id)
        assert (house.state, committed(house)) == ("delivered", [False, False])
        with listening(house):
            house.commit()
            wait_until("both are committed", lambda: all(committed(house)))
        assert house.commit().state == "done"
    assert [uids for _, uids in pacs.asked] == [[PICTURE, REPORT]]
    assert (house.state, commitment(house)) == ("delivered", "has committed everything")
    [result] = house.status()["results"]
    assert [(d["committed"], d["commitment"]) for d in result["deliveries"]] == [(True, "committed")] * 2


def test_it_is_asked_only_after_everything_was_stored(house: House) -> None:
    with ScriptedPacs(0x0000, 0xA700) as pacs:
        [job_id] = house.put(pacs.peer)
        house.deliver(job_id)
        assert [j["kind"] for j in house.status()["jobs"] if j["kind"] == "commit"] == []
        house.deliver(job_id)
        assert [j["state"] for j in house.status()["jobs"] if j["kind"] == "commit"] == ["waiting"]


def test_a_destination_that_is_not_to_be_asked_is_not(house: House) -> None:
    with CommittingPacs(house.settings.node.port) as pacs:
        [job_id] = house.put(replace(pacs.peer, storage_commitment=False))
        house.deliver(job_id)
    assert [j for j in house.status()["jobs"] if j["kind"] == "commit"] == []
    assert (house.state, commitment(house)) == ("delivered", "")


def test_a_peer_that_does_not_offer_it_is_said_once_and_is_no_failure(house: House) -> None:
    with ScriptedPacs() as pacs:
        [job_id] = house.put(pacs.peer)
        house.deliver(job_id)
        assert house.commit().state == "skipped"
    assert (house.state, commitment(house)) == ("delivered", "does not offer storage commitment")
    assert events(house).count("commitment_skipped") == 1


@pytest.mark.parametrize("status", [0x0118, 0x0122, 0x0123, 0x0211])
def test_a_peer_that_accepts_the_class_and_knows_no_such_request_does_not_offer_it(house: House, status: int) -> None:
    with CommittingPacs(house.settings.node.port, status) as pacs:
        [job_id] = house.put(pacs.peer)
        house.deliver(job_id)
        assert house.commit().state == "skipped"
    assert (house.state, commitment(house)) == ("delivered", "does not offer storage commitment")


def test_what_the_peer_does_not_have_is_sent_again_with_the_same_bytes(
    house: House, pacs: CommittingPacs, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.commit()
    pacs.lost = {PICTURE: NO_SUCH_INSTANCE}
    with listening(house):
        assert pacs.report() == 0x0000
    assert committed(house) == [False, True]
    house.commit()
    assert house.state == "delivering"
    pacs.lost = {}
    pacs.answer_again()
    monkeypatch.setattr(storage_commitment, "_SAME_ASSOCIATION_SECONDS", 30.0)
    house.deliver(delivery_job(house))
    assert pacs.kept == [*sent_bytes(), sent_bytes()[0]]
    house.commit()
    assert house.commit().state == "done"
    assert (pacs.asked[-1][1], committed(house), house.state) == ([PICTURE], [True, True], "delivered")


def test_a_peer_that_loses_it_every_time_calls_a_person_who_starts_it_again(house: House) -> None:
    with CommittingPacs(house.settings.node.port) as pacs:
        pacs.lost = {REPORT: NO_SUCH_INSTANCE}
        [job_id] = house.put(pacs.peer)
        for _ in range(MOST_RESENDS + 1):
            house.deliver(job_id)
            house.commit()
            row = house.commit()
        assert (row.state, row.error_code, len(pacs.kept)) == ("parked", "RS-324", 2 + MOST_RESENDS)
        assert (house.state, commitment(house)) == ("failed", "does not commit what it stored")
        pacs.lost = {}
        with house.ledger.write() as session:
            requeue(session, "person", parked=True)
        house.commit()
        house.deliver(job_id)
        house.commit()
        assert house.commit().state == "done"
    assert (house.state, house.status()["reasons"], committed(house)) == ("delivered", [], [True, True])


@pytest.mark.parametrize("reason", [PROCESSING_FAILURE, 0x0131, 0x0213])
def test_a_reason_that_says_nothing_of_the_object_only_asks_again_later(
    house: House, pacs: CommittingPacs, reason: int
) -> None:
    house.commit()
    pacs.lost = {PICTURE: reason}
    with listening(house):
        pacs.report()
    assert house.commit().run_after > time()
    assert len(pacs.kept) == 2
    assert [uids for _, uids in pacs.asked] == [[PICTURE, REPORT], [PICTURE]]


@pytest.mark.parametrize(
    ("lost", "is_due"),
    [({}, True), ({PICTURE: NO_SUCH_INSTANCE}, True), ({PICTURE: PROCESSING_FAILURE}, False)],
    ids=["committed", "lost", "failed"],
)
def test_a_report_brings_the_job_back_at_once_unless_it_could_only_ask_again(
    house: House, pacs: CommittingPacs, lost: dict[str, int], is_due: bool
) -> None:
    assert house.commit().run_after > time()
    pacs.lost = lost
    with listening(house):
        assert pacs.report() == 0x0000
    assert (job(house.ledger, house.job_of_kind("commit")).run_after == 0.0) is is_due


def test_each_object_has_the_reason_that_was_given_for_it(house: House, pacs: CommittingPacs) -> None:
    house.commit()
    pacs.lost = {PICTURE: NO_SUCH_INSTANCE, REPORT: PROCESSING_FAILURE}
    with listening(house):
        pacs.report()
    with house.ledger.read() as session:
        reasons = session.scalars(select(DeliveryRow.commit_failure).order_by(DeliveryRow.id)).all()
    assert reasons == [NO_SUCH_INSTANCE, PROCESSING_FAILURE]


def test_no_answer_is_asked_again_for_ever_and_a_late_answer_counts(house: House, pacs: CommittingPacs) -> None:
    rows = [house.commit() for _ in range(5)]
    assert [row.state for row in rows] == ["waiting"] * 5
    assert all(row.run_after > time() for row in rows)
    assert len({transaction for transaction, _ in pacs.asked}) == 5
    assert (house.state, commitment(house)) == ("delivered", "is asked to commit")
    with listening(house):
        assert pacs.report(0) == 0x0000
    assert all(committed(house))
    assert house.commit().state == "done"


def test_patience_grows_to_a_quarter_of_an_hour() -> None:
    waits = DeliverySection().commitment_waits
    assert waits.after(1) < waits.after(2) < waits.after(3) <= waits.after(1000) * 2
    assert waits.after(100_000) <= 900 * 1.25


def test_a_worker_that_lost_its_lease_while_it_asked_changes_nothing_of_the_job(
    house: House, pacs: CommittingPacs
) -> None:
    """Given a worker that asks, and hangs; when its lease is ended and another has the job; then the first one's wait
    for the answer is not written over the other's lease."""
    job_id = house.job_of_kind("commit")
    first, second = taken_twice(house.ledger, job_id)
    with pytest.raises(LeaseLostError):
        request_commitment(house.settings, house.ledger, first)
    row = job(house.ledger, job_id)
    assert (row.state, row.lease_owner, row.fencing) == ("leased", "b:2:y", second.fencing)
    assert "commitment_asked" not in events(house)


@pytest.mark.parametrize("status", [PROCESSING_FAILURE, NO_SUCH_INSTANCE, 0x0213, 0xC000])
def test_a_refused_request_is_repeated_later(house: House, status: int) -> None:
    with CommittingPacs(house.settings.node.port, status) as pacs:
        [job_id] = house.put(pacs.peer)
        house.deliver(job_id)
        row = house.commit()
        assert (row.state, row.error_code, house.state) == ("waiting", "RS-312", "delivered")
        house.commit()
        assert house.commit().state == "done"


def test_a_request_that_gets_no_answer_is_repeated_for_ever(house: House) -> None:
    with CommittingPacs(house.settings.node.port, *["abort"] * 4) as pacs:
        [job_id] = house.put(pacs.peer)
        house.deliver(job_id)
        for _ in range(4):
            row = house.commit()
            assert (row.state, row.error_code, row.attempts) == ("waiting", "RS-311", 0)
        assert "no answer" in str(row.error_text)
        house.commit()
        assert house.commit().state == "done"


def test_a_peer_that_is_away_or_rejects_us_by_now_holds_up_nothing(house: House, pacs: CommittingPacs) -> None:
    pacs.rejection = (1, 1, 3)
    assert (house.commit().error_code, house.state) == ("RS-312", "delivered")
    pacs.stop()
    assert (house.commit().error_code, house.state) == ("RS-311", "delivered")
    pacs.start()
    assert (house.commit().error_code, len(pacs.asked)) == ("RS-312", 0)
    pacs.rejection = None
    assert (house.commit().error_code, len(pacs.asked)) == (None, 1)


def test_a_report_to_an_unknown_transaction_changes_nothing(house: House, pacs: CommittingPacs) -> None:
    house.commit()
    with listening(house):
        assert pacs.report(transaction="2.25.4711") == PROCESSING_FAILURE
        assert pacs.report(event_type=3) == 0x0113
    assert committed(house) == [False, False]
    assert "commitment_reported" not in events(house)


def test_a_report_of_objects_that_nobody_asked_for_changes_nothing(house: House, pacs: CommittingPacs) -> None:
    house.commit()
    with house.ledger.write() as session:
        session.scalars(select(CommitmentRow)).one().sop_instance_uids = [PICTURE]
    with listening(house):
        assert pacs.report() == 0x0000
    assert committed(house) == [True, False]


def test_another_peer_than_the_one_asked_is_refused(house: House, pacs: CommittingPacs) -> None:
    house.commit()
    other = Peer("other", "OTHER", "127.0.0.1", 1, receives_results=True)
    house.settings = replace(house.settings, peers=(pacs.peer, other))
    with listening(house):
        assert pacs.report(ae_title="OTHER") == PROCESSING_FAILURE
    assert committed(house) == [False, False]


def test_a_report_on_the_association_of_one_peer_says_nothing_for_another(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given two destinations that were asked; when the second reports to both requests, then only its own counts."""
    with CommittingPacs(house.settings.node.port, "silent", "both") as pacs:
        for job_id in house.put(replace(pacs.peer, name="archive"), pacs.peer):
            house.deliver(job_id)
        with house.ledger.read() as session:
            jobs = session.scalars(select(JobRow.id).where(JobRow.kind == "commit").order_by(JobRow.key)).all()
        with monkeypatch.context() as hasty:
            hasty.setattr(storage_commitment, "_SAME_ASSOCIATION_SECONDS", 0.1)
            house.deliver(jobs[0])
        house.deliver(jobs[1])
    assert {d["destination"]: d["committed"] for d in house.status()["results"][0]["deliveries"]} == {
        "archive": False,
        "pacs": True,
    }


def test_the_class_is_accepted_only_of_peers_that_receive_results_and_in_their_role(
    house: House, pacs: CommittingPacs
) -> None:
    house.commit()
    modality = Peer("modality", "MODALITY", "127.0.0.1", 1, may_send=True)
    house.settings = replace(house.settings, peers=(pacs.peer, modality))
    with listening(house):
        assert pacs.report(ae_title="MODALITY") is None
        assert pacs.report(ae_title="NOBODY") is None
        assert pacs.report(role=False) is None
    assert committed(house) == [False, False]


def test_a_peer_that_only_reports_may_not_store(house: House, pacs: CommittingPacs) -> None:
    entity = AE("PACS")
    entity.add_requested_context("1.2.840.10008.1.1")
    entity.add_requested_context("1.2.840.10008.5.1.4.1.1.7")
    with listening(house):
        association = entity.associate("127.0.0.1", house.settings.node.port, ae_title="RHEUMASCORE")
        assert [c.abstract_syntax for c in association.accepted_contexts] == ["1.2.840.10008.1.1"]
        association.release()


def test_a_worker_that_dies_after_it_asked_and_a_new_start_lose_nothing(house: House, pacs: CommittingPacs) -> None:
    """Given a request that went out, when every process dies before the report, then the report still counts."""
    house.commit()
    [job_id] = [j["id"] for j in house.status()["jobs"] if j["kind"] == "commit"]
    with house.ledger.write() as session:
        session.get_one(JobRow, job_id).run_after = 0.0
    assert take_lease(house.ledger, job_id, "dead") is not None
    house.ledger.close()
    house.ledger = new_ledger(house.settings.node.data_dir)
    with listening(house):
        assert pacs.report() == 0x0000
    assert all(committed(house))


def test_old_requests_are_forgotten_when_another_goes_out_and_open_ones_never(
    house: House, pacs: CommittingPacs
) -> None:
    """Given five requests of two months ago: three answered, two not; when one more is asked; then two are left of
    them, because their job still waits for an answer."""
    for _ in range(5):
        house.commit()
    two_months_ago = time() - 60 * 86_400
    with house.ledger.write() as session:
        rows = list(session.scalars(select(CommitmentRow)))
        for row in rows:
            row.asked_at = two_months_ago
        for row in rows[:3]:
            row.answered_at = two_months_ago
    house.commit()
    with house.ledger.read() as session:
        left = {row.transaction_uid for row in session.scalars(select(CommitmentRow))}
    assert left == {row.transaction_uid for row in rows[3:]} | {pacs.asked[-1][0]}


def test_orthanc_commits_on_a_new_association_and_gets_again_what_it_lost(house: House, orthanc: Orthanc) -> None:
    orthanc.add_modality("node", "RHEUMASCORE", house.settings.node.port)
    peer = Peer("orthanc", orthanc.ae_title, "127.0.0.1", orthanc.dicom_port, receives_results=True)
    [job_id] = house.put(peer)
    house.deliver(job_id)
    [lost] = orthanc.instances(SOPInstanceUID=PICTURE)
    orthanc.delete(f"/instances/{lost['ID']}")
    with listening(house):
        house.commit()
        wait_until("Orthanc has reported", lambda: committed(house) == [False, True])
        house.commit()
        house.deliver(job_id)
        house.commit()
        wait_until("Orthanc has committed both", lambda: all(committed(house)))
    assert house.commit().state == "done"
    assert len(orthanc.instances()) == 2
