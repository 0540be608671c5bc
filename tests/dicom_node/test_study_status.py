"""The one answer about where studies are, from a ledger with real rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import update

from dicom_node import study_status as subject
from dicom_node.ledger.tables import DeliveryRow, StudyRow
from dicom_node.study_status import ledger_version, state_counts, study_status, study_statuses
from tests.core_lab.web.node_for_tests import RECEIVED, NodeForTests, hand_study, truth_result

REPORT = "1.2.840.10008.5.1.4.1.1.88.33"
PICTURE = "1.2.840.10008.5.1.4.1.1.7"


@pytest.fixture
def node(tmp_path: Path) -> NodeForTests:
    return NodeForTests(tmp_path / "data")


def test_a_study_says_what_the_interface_promises(node: NodeForTests) -> None:
    images = hand_study(node, "1.2.3", 11)
    result, arrays = truth_result("1.2.3", images, gaps=[("R", "PIP5")])
    node.keep_result(result, arrays)
    node.keep_object(result, "2.25.1", PICTURE, "heatmap", b"picture", RECEIVED + 2.5)
    node.keep_object(result, "2.25.12", REPORT, "report", b"report", None)
    node.move("1.2.3", ("delivering", "On its way"), reasons=[{"code": "c", "text": "t", "system": "s"}])
    with node.ledger.read() as session:
        status = study_status(session, "1.2.3")
        assert study_status(session, "1.2.4") is None
    assert status is not None
    json.dumps(status, allow_nan=False)
    assert (status["state"], status["instances"], status["systems"]) == ("delivering", 2, ["hand_joints"])
    assert status["reasons"] == [{"code": "c", "text": "t", "system": "s"}]
    assert status["received_at"] == "2025-11-20T12:00:00.000Z"
    [told] = status["results"]
    assert told["sop_instance_uids"] == ["2.25.1", "2.25.12"]
    assert told["weights_sha256"] == result.weights_digest and told["demonstration"] is True
    assert told["total"]["key"] == "svdh.all.both" and told["total"]["grade"] is None
    assert (told["total"]["assessed"], told["total"]["planned"]) == (60, 62)
    picture, report = told["deliveries"]
    assert (picture["destination"], picture["state"], picture["status"]) == ("pacs", "sent", "0x0000")
    assert (report["role"], report["state"], report["status"], report["committed"]) == (
        "report",
        "waiting",
        None,
        False,
    )
    assert [e["event"] for e in status["timeline"]] == ["receiving", "delivering"]
    assert [j["kind"] for j in status["jobs"]] == ["score"]


def test_the_seconds_count_from_the_last_image_to_the_last_object(node: NodeForTests) -> None:
    result, arrays = truth_result("1.2.3", hand_study(node, "1.2.3", 11))
    node.keep_result(result, arrays)
    node.keep_object(result, "2.25.1", PICTURE, "heatmap", b"picture", RECEIVED + 2.5)
    node.keep_object(result, "2.25.12", REPORT, "report", b"report", None)
    with node.ledger.read() as session:
        assert study_statuses(session)[0]["seconds_to_report"] is None
    with node.ledger.write() as session:
        session.execute(update(DeliveryRow).values(state="sent", updated_at=RECEIVED + 3.25))
    with node.ledger.read() as session:
        assert study_statuses(session)[0]["seconds_to_report"] == 2.25  # the last image came a second after the first


def test_studies_come_latest_first_and_in_batches(node: NodeForTests, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "_BATCH", 3)
    with node.ledger.write() as session:
        for n in range(8):
            session.add(
                StudyRow(
                    study_instance_uid=f"1.2.{n}",
                    state="failed" if n % 2 else "delivered",
                    first_received_at=n,
                    last_received_at=n,
                    updated_at=n,
                    reasons=[],
                )
            )
    with node.ledger.read() as session:
        assert [s["study_instance_uid"] for s in study_statuses(session)] == [f"1.2.{n}" for n in range(7, -1, -1)]
        failed = study_statuses(session, state="failed", limit=3)
        assert [s["study_instance_uid"] for s in failed] == ["1.2.7", "1.2.5", "1.2.3"]
        counts = state_counts(session)
    assert counts["failed"] == 4 and counts["delivered"] == 4 and sum(counts.values()) == 8


def test_the_version_changes_with_every_event_and_every_instance(node: NodeForTests) -> None:
    versions = []

    def look() -> None:
        with node.ledger.read() as session:
            versions.append(ledger_version(session))

    look()
    hand_study(node, "1.2.3", 11)
    look()
    node.move("1.2.3", ("complete", "Complete"))
    look()
    assert len(set(versions)) == 3
    look()
    assert versions[-1] == versions[-2]
