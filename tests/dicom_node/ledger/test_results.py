"""The first visit of a subject is the baseline of the later ones; a result that cannot be written goes to a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from dicom_node.ledger.results import current_results
from dicom_node.ledger.tables import DeliveryRow, ObjectRow
from dicom_node.withdrawal import withdraw_study
from scoring.coded_concept import CodedConcept
from scoring.result import NotEvaluable, ScoreResult
from tests.dicom_node.delivery.driven_node import DrivenNode
from tests.dicom_node.delivery.scripted_pacs import ScriptedPacs

FIRST, SECOND, THIRD = "1.2.3.1", "1.2.3.2", "1.2.3.3"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[DrivenNode]:
    with DrivenNode(tmp_path / "data") as made:
        yield made


def visit(node: DrivenNode, uid: str, date: str, patient: str = "P-1", **header: str) -> ScoreResult:
    return node.score(uid, seed=11, StudyDate=date, PatientID=patient, **header)


def test_later_visits_name_the_first_with_its_objects(node: DrivenNode) -> None:
    first = visit(node, FIRST, "20240110")
    node.run()
    second, third = visit(node, SECOND, "20240710"), visit(node, THIRD, "20250110")
    assert first.baseline is None
    for later in (second, third):
        assert later.baseline is not None
        assert (later.baseline.digest, later.baseline.study_instance_uid) == (first.digest, FIRST)
        assert {o.role for o in later.baseline.objects} == {"heatmap", "report_page", "report"}
        assert {o.form for o in later.baseline.objects} == {"", "comprehensive3d"}
    node.run()
    assert node.jobs("parked") == []


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ({"patient": "P-2"}, "another patient"),
        ({"IssuerOfPatientID": "ELSEWHERE"}, "the same number given by somebody else"),
        ({"patient": ""}, "only the study is known"),
        ({"date": ""}, "no date"),
        ({"date": "20240110"}, "the same day"),
        ({"date": "20230110"}, "an earlier day"),
        ({"ClinicalTrialSubjectID": "S-1", "ClinicalTrialProtocolID": "T"}, "a trial's subject"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_without_a_known_earlier_visit_there_is_no_baseline(node: DrivenNode, header: dict[str, str], why: str) -> None:
    visit(node, FIRST, "20240110")
    assert visit(node, SECOND, **{"date": "20240710"} | header).baseline is None, why


def test_two_studies_of_the_first_day_compete_so_there_is_none(node: DrivenNode) -> None:
    visit(node, FIRST, "20240110")
    visit(node, SECOND, "20240110")
    assert visit(node, THIRD, "20240710").baseline is None


def test_what_was_withdrawn_or_had_no_score_is_no_baseline(node: DrivenNode) -> None:
    first = visit(node, FIRST, "20240110")
    why = NotEvaluable(CodedConcept("111220", "DCM", "Other failure"), "No hand was found.")
    node.keep(replace(first, items=(), totals=(), heatmaps=(), not_evaluable=why), node.header(first))
    second = visit(node, SECOND, "20240710")
    assert second.baseline is None
    assert (third := visit(node, THIRD, "20250110")).baseline is not None
    assert third.baseline.digest == second.digest
    with node.ledger.write() as session:
        withdraw_study(session, node.workplace.settings, SECOND, "Wrong patient.", datetime.now(UTC), "dr who")
        assert current_results(session, SECOND)[0].withdraws
    assert visit(node, "1.2.3.4", "20250710").baseline.digest == third.digest  # type: ignore[union-attr]


def test_the_ledger_names_the_subject_by_a_hash_alone(node: DrivenNode) -> None:
    visit(node, FIRST, "20240110", "UNMISTAKABLE-17")
    with node.ledger.read() as session:
        [row] = current_results(session, FIRST)
    assert str(row.subject).startswith("2.25.") and row.study_date == "20240110"
    ledger = node.workplace.settings.node.data_dir / "ledger.sqlite3"
    for file in ledger.parent.glob("ledger.sqlite3*"):
        assert b"UNMISTAKABLE-17" not in file.read_bytes()


def test_a_result_that_cannot_be_written_goes_to_a_person_and_nothing_is_sent(node: DrivenNode) -> None:
    with ScriptedPacs() as pacs:
        node.set_peers(pacs.peer)
        good = node.score(FIRST)
        [wrong, *others] = good.items
        node.keep(replace(good, items=(replace(wrong, site="MCP9"), *others)), node.header(good))
        node.run()
        assert pacs.kept == []
    [parked] = node.jobs("parked")
    assert (parked.kind, parked.error_code) == ("report", "RS-202")
    status = node.status(FIRST)
    assert status["state"] == "failed"
    [reason] = status["reasons"]
    assert reason["code"] == "RS-202" and "MCP9" in reason["text"]
    with node.ledger.read() as session:
        assert session.scalar(select(func.count()).select_from(ObjectRow)) == 0
        assert session.scalar(select(func.count()).select_from(DeliveryRow)) == 0


def test_a_source_that_is_gone_goes_to_a_person_and_nothing_is_sent(node: DrivenNode) -> None:
    with ScriptedPacs() as pacs:
        node.set_peers(pacs.peer)
        result = node.score(FIRST)
        node.workplace.store.instance_path(result.images[0].content_sha256).unlink()
        node.run()
        assert pacs.kept == []
    assert [(j.kind, j.error_code) for j in node.jobs("parked")] == [("report", "RS-322")]
