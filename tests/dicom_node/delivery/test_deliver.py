"""A result on its way to a PACS that answers in every way there is: nothing lost, nothing changed, reasons told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from dicom_node.delivery.outbox import release
from dicom_node.delivery.part10_bytes import as_implicit, read_part10
from dicom_node.ledger.destinations import next_jobs
from dicom_node.ledger.job_restarts import requeue
from dicom_node.ledger.tables import DeliveryRow, DestinationRow, JobRow, TimelineRow
from dicom_node.peers import Peer
from scoring.result import ScoreResult
from tests.dicom_node.delivery.house import OBJECTS, PATIENT_SECONDS, House, keep_result, open_house, sent_bytes
from tests.dicom_node.delivery.scripted_pacs import ScriptedPacs
from tests.dicom_node.ledger.ledgers import study
from tests.foreign_programs.orthanc import Orthanc
from tests.foreign_programs.programs import free_port
from tests.sr_templates.results_for_tests import not_evaluable


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = open_house(tmp_path)
    yield made
    made.ledger.close()


def test_pictures_go_first_then_the_report_over_one_association(house: House) -> None:
    with ScriptedPacs() as pacs:
        [job_id] = house.put(pacs.peer)
        assert house.state == "delivering"
        assert house.deliver(job_id).state == "done"
        assert (pacs.kept, pacs.associations) == (sent_bytes(), 1)
    assert house.deliveries() == [("sent", 0, 1), ("sent", 0, 1)]
    assert house.state == "delivered"


def test_a_report_that_says_not_evaluable_ends_as_not_evaluable(house: House) -> None:
    keep_result(house, replace_study(not_evaluable().result))
    with ScriptedPacs() as pacs:
        [job_id] = house.put(pacs.peer)
        house.deliver(job_id)
    assert house.state == "not_evaluable"


def replace_study(result: ScoreResult) -> ScoreResult:
    return replace(result, study_instance_uid="2.25.777")


def test_putting_it_into_the_outbox_twice_is_one_delivery(house: House) -> None:
    with ScriptedPacs() as pacs:
        assert house.put(pacs.peer) == house.put(pacs.peer)
        assert len(house.deliveries()) == 2


@pytest.mark.parametrize("status", [0xB000, 0xB006, 0xB007, 0x0111])
def test_a_warning_is_sent_with_its_status(house: House, status: int) -> None:
    with ScriptedPacs(status, 0x0000) as pacs:
        [job_id] = house.put(pacs.peer)
        assert house.deliver(job_id).state == "done"
    assert house.deliveries() == [("sent", status, 1), ("sent", 0, 1)]


@pytest.mark.parametrize("status", [0xA700, 0xA7FF, 0x0110, 0x0213])
def test_out_of_resources_comes_again_later(house: House, status: int) -> None:
    """Given a PACS that is full at the second object; when it has room again; then only that object goes again."""
    with ScriptedPacs(0x0000, status) as pacs:
        [job_id] = house.put(pacs.peer)
        row = house.deliver(job_id)
        assert (row.state, row.error_code, row.attempts) == ("waiting", "RS-312", 0)
        assert house.deliveries() == [("sent", 0, 1), ("waiting", status, 1)]
        assert house.deliver(job_id).state == "done"
        assert pacs.kept == sent_bytes()


@pytest.mark.parametrize("status", [0xA900, 0xC000, 0xC211, 0x0122, 0x0117, 0x0124])
def test_a_refusal_is_parked_and_the_other_objects_go_on(house: House, status: int) -> None:
    with ScriptedPacs(status) as pacs:
        [job_id] = house.put(pacs.peer)
        row = house.deliver(job_id)
        assert (row.state, row.error_code) == ("parked", "RS-321")
        assert f"0x{status:04X}" in str(row.error_text)
        assert pacs.kept == sent_bytes()[1:]
    assert house.deliveries() == [("failed", status, 1), ("sent", 0, 1)]
    assert house.state == "failed"


def test_a_person_starts_a_refused_delivery_again(house: House) -> None:
    with ScriptedPacs(0xC000) as pacs:
        [job_id] = house.put(pacs.peer)
        house.deliver(job_id)
        with house.ledger.write() as session:
            requeue(session, "dr who", parked=True)
        assert house.state == "delivering"
        assert house.deliver(job_id).state == "done"
    assert house.state == "delivered"
    assert study(house.ledger, house.result.study_instance_uid).reasons == []


@pytest.mark.parametrize("word", ["abort", "drop", "hang", "other"])
def test_no_answer_proves_nothing_so_the_same_bytes_go_again(house: House, word: str) -> None:
    with ScriptedPacs(word) as pacs:
        [job_id] = house.put(pacs.peer)
        house.wait_for_answers(1.0 if word == "hang" else PATIENT_SECONDS)
        row = house.deliver(job_id)
        assert (row.state, row.error_code) == ("waiting", "RS-311")
        assert house.deliveries() == [("waiting", None, 1), ("waiting", None, 0)]
        house.wait_for_answers(PATIENT_SECONDS)
        assert house.deliver(job_id).state == "done"
        assert set(pacs.kept) == set(sent_bytes())
    assert house.state == "delivered"


def test_what_may_be_there_stays_so_until_it_is_answered_for_good(house: House) -> None:
    """Given an object that was kept without an answer; when the PACS is full at the next try, then it may still be."""
    with ScriptedPacs("drop", 0xA700) as pacs:
        [job_id] = house.put(pacs.peer)
        for _ in range(2):
            house.deliver(job_id)
            [result] = house.status()["results"]
            assert [(d["state"], d["proof"]) for d in result["deliveries"]] == [("waiting", "sent"), ("waiting", "")]


def test_a_pacs_that_is_away_loses_nothing_and_the_others_wait_with_it(house: House) -> None:
    """Given a PACS that does not listen, and two results for it; when the first is refused; then neither is tried again
    before its time; when the PACS comes back; then the second may go at once."""
    pacs = ScriptedPacs()
    [first] = house.put(pacs.peer)
    keep_result(house, replace_study(house.result))
    [second] = [j for j in house.put(pacs.peer) if j != first]
    row = house.deliver(first)
    assert (row.state, row.error_code) == ("waiting", "RS-311")
    assert "pacs (PACS at 127.0.0.1" in str(row.error_text)
    assert next_up(house) == []
    with pacs:
        assert house.deliver(first).state == "done"
    assert next_up(house)[0] == second, "and after it the first result's storage commitment"


@pytest.mark.parametrize("word", [0xA700, "drop"])
def test_a_pacs_that_asks_us_to_come_later_or_drops_us_every_time_is_not_said_to_be_back(
    house: House, word: int | str
) -> None:
    """... so that the waits grow, and the timeline says once that it is away."""
    with ScriptedPacs(word, word, word) as pacs:
        [job_id] = house.put(pacs.peer)
        for _ in range(3):
            house.deliver(job_id)
    with house.ledger.read() as session:
        assert session.get_one(DestinationRow, "pacs").failures == 3
        events = list(session.scalars(select(TimelineRow.event).where(TimelineRow.event.startswith("destination_"))))
    assert events == ["destination_away"]


def next_up(house: House) -> list[str]:
    """What may go to the PACS now."""
    with house.ledger.read() as session:
        return [waiting.id for waiting in next_jobs(session, "pacs", 2)]


def test_a_pacs_that_rejects_us_for_good_calls_a_person(house: House) -> None:
    with ScriptedPacs() as pacs:
        pacs.rejection = (1, 1, 3)
        [job_id] = house.put(pacs.peer)
        row = house.deliver(job_id)
        assert (row.state, row.error_code) == ("parked", "RS-321")
        assert "alling AE title" in str(row.error_text)
    assert [state for state, *_ in house.deliveries()] == ["failed", "failed"]


def test_a_pacs_that_rejects_us_for_now_is_tried_again(house: House) -> None:
    with ScriptedPacs() as pacs:
        pacs.rejection = (2, 3, 2)
        [job_id] = house.put(pacs.peer)
        row = house.deliver(job_id)
        assert (row.state, row.error_code) == ("waiting", "RS-312")


def test_one_destination_that_refuses_does_not_stop_another(house: House) -> None:
    with ScriptedPacs(0xC000, 0xC000) as bad, ScriptedPacs() as good:
        other = Peer("archive", "PACS", "127.0.0.1", good.port, receives_results=True)
        to_archive, to_pacs = house.put(bad.peer, other)
        assert house.deliver(to_pacs).state == "parked"
        assert house.deliver(to_archive).state == "done"
        assert good.kept == sent_bytes()
    assert house.state == "failed"  # until a person has looked


def test_a_pacs_that_takes_only_implicit_vr_gets_the_same_values_in_it(house: House) -> None:
    with ScriptedPacs(transfer_syntaxes=("1.2.840.10008.1.2",)) as pacs:
        [job_id] = house.put(pacs.peer)
        assert house.deliver(job_id).state == "done"
        assert [content for _, content in pacs.kept] == [as_implicit(read_part10(o.content)).data_set for o in OBJECTS]


def test_what_is_held_goes_when_it_is_released(house: House) -> None:
    with ScriptedPacs() as pacs:
        [job_id] = house.put(pacs.peer, hold="Scored with demonstration weights.")
        assert (house.deliver(job_id).state, house.state, pacs.kept) == ("held", "held", [])
        [reason] = study(house.ledger, house.result.study_instance_uid).reasons
        assert reason["text"] == "Scored with demonstration weights."
        with house.ledger.write() as session:
            assert release(session, house.result.study_instance_uid, "dr who") == [job_id]
        assert house.state == "delivering"
        assert house.deliver(job_id).state == "done"
    assert house.state == "delivered"


def test_a_job_whose_worker_died_after_the_last_answer_only_ends(house: House) -> None:
    with ScriptedPacs() as pacs:
        [job_id] = house.put(pacs.peer)
        with house.ledger.write() as session:
            for row in session.scalars(select(DeliveryRow)):
                row.state = "sent"
        assert house.deliver(job_id).state == "done"
        assert pacs.associations == 0


def test_a_destination_that_left_the_configuration_is_named(house: House) -> None:
    [job_id] = house.put(Peer("pacs", "PACS", "127.0.0.1", free_port(), receives_results=True))
    house.settings = replace(house.settings, peers=())
    row = house.deliver(job_id)
    assert (row.state, row.error_code) == ("parked", "RS-301")


def test_orthanc_keeps_what_was_sent_and_the_same_again_changes_nothing(house: House, orthanc: Orthanc) -> None:
    peer = Peer("pacs", "ORTHANC", "127.0.0.1", orthanc.dicom_port, receives_results=True)
    [job_id] = house.put(peer)
    assert house.deliver(job_id).state == "done"
    assert {i["MainDicomTags"]["SOPInstanceUID"] for i in orthanc.instances()} == {o.sop_instance_uid for o in OBJECTS}
    with house.ledger.write() as session:
        session.get_one(JobRow, job_id).state = "waiting"
        for row in session.scalars(select(DeliveryRow)):
            row.state = "waiting"
    assert house.deliver(job_id).state == "done"
    kept = {read_part10(orthanc.file(i["ID"])).data_set for i in orthanc.instances()}
    assert kept == {content for _, content in sent_bytes()}
