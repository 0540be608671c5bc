"""A PACS sends hand radiographs; a report with coded scores and heatmaps come back into the same study in that PACS."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from highdicom.sr import srread
from pydicom import dcmread
from pydicom.dataset import Dataset

from dicom_node.content_store import ContentStore
from dicom_node.local_files import dataset_digest
from dicom_node.photographs.wrapping import wrap_photos
from scoring.phantoms.as_dicom import hand_dataset
from scoring.phantoms.hand import draw_both_hands, draw_hand
from scoring.phantoms.write_phantoms import write_hand_pair
from sr_templates.report_as_text import report_as_text
from tests.foreign_programs.dcmtk import dsrdump, findscu, storescu
from tests.foreign_programs.programs import find_program, wait_until
from tests.journey.running_node import RunningNode

KNEE = Path(__file__).parents[2] / "dicom_node" / "demo_studies" / "fracatlas_knee_3309.jpg"


def save(dataset: Dataset, path: Path) -> Path:
    dataset.save_as(path, enforce_file_format=True)
    return path


def returned(node: RunningNode, uid: str, modality: str) -> list[tuple[str, Path]]:
    """The objects of a modality that lie in the study in the PACS: Orthanc's id and a file."""
    found = node.orthanc.find("Series", StudyInstanceUID=uid, Modality=modality)
    rows = []
    for series in found:
        for instance in series["Instances"]:
            path = node.folder / f"{instance}.dcm"
            path.write_bytes(node.orthanc.file(instance))
            rows.append((instance, path))
    return rows


def judge(path: Path) -> list[str]:
    done = subprocess.run(
        [find_program("dciodvfy", "dicom3tools"), str(path)], capture_output=True, text=True, check=False
    )
    return [line for line in done.stderr.splitlines() if line.startswith("Error")]


@pytest.fixture(scope="module")
def scored(node: RunningNode, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, tuple[Path, ...], dict[str, Any]]:
    """A two-hand study that went through Orthanc and came back."""
    pair = write_hand_pair(tmp_path_factory.mktemp("study"), 4100, severity=0.3)
    node.send_through_orthanc(*pair.files)
    node.wait_for(pair.study_instance_uid)
    return pair.study_instance_uid, pair.files, node.wait_for_commitment(pair.study_instance_uid)


def test_the_report_lies_in_the_same_study_of_the_pacs(node: RunningNode, scored: Any) -> None:
    uid, _, status = scored
    assert status["state"] == "delivered", status
    reports, pictures = returned(node, uid, "SR"), returned(node, uid, "OT")
    assert len(reports) == 1
    assert len(pictures) == 3, "a heatmap for each hand and the report page"
    seen = findscu(node.orthanc.dicom_port, "QueryRetrieveLevel=SERIES", f"StudyInstanceUID={uid}", "Modality=SR")
    assert "[SR" in seen.stdout + seen.stderr


def test_judges_find_no_error(node: RunningNode, scored: Any) -> None:
    uid, _, _ = scored
    [(_, report)] = returned(node, uid, "SR")
    for path in [report, *(p for _, p in returned(node, uid, "OT"))]:
        assert judge(path) == []
    assert dsrdump(report).returncode == 0
    groups = srread(str(report)).content.get_planar_roi_measurement_groups()
    assert len(groups) >= 44, "a group for each of 22 sites of two hands, and the totals"


def test_numbers_in_the_report_are_those_of_the_result(node: RunningNode, scored: Any) -> None:
    uid, _, _ = scored
    text = report_as_text(dcmread(returned(node, uid, "SR")[0][1]))
    assert "Sharp van der Heijde Bone Erosion Score" in text
    assert "for research use only" in text
    assert "synthetic" in text


def test_every_received_byte_is_kept_and_named_in_the_report(node: RunningNode, scored: Any) -> None:
    uid, files, _ = scored
    store = ContentStore(node.folder / "data")
    text = report_as_text(dcmread(returned(node, uid, "SR")[0][1]))
    for path in files:
        digest = dataset_digest(path)
        assert digest in text
        assert dataset_digest(store.instance_path(digest)) == digest


def test_the_timeline_tells_the_journey(scored: Any) -> None:
    _, _, status = scored
    events = [event["event"] for event in status["timeline"]]
    for state in ("complete", "scoring", "scored", "delivered"):
        assert state in events
    [result] = status["results"]
    assert {(d["state"], d["committed"]) for d in result["deliveries"]} == {("sent", True)}
    assert "committed" in events


def test_the_same_study_again_changes_nothing(node: RunningNode, scored: Any) -> None:
    uid, files, before = scored
    assert storescu(node.port, *files).returncode == 0
    after = node.wait_for(uid)
    assert after["results"] == before["results"]
    assert len(returned(node, uid, "SR")) == 1


def test_our_own_report_sent_back_is_never_scored(node: RunningNode, scored: Any) -> None:
    uid, _, before = scored
    instances = [instance for instance, _ in returned(node, uid, "SR") + returned(node, uid, "OT")]
    node.orthanc.send("node", *instances)
    assert node.wait_for(uid)["results"] == before["results"]


def test_both_hands_in_one_picture_and_monochrome1(node: RunningNode, tmp_path: Path) -> None:
    pixels, spacing, _ = draw_both_hands(77)
    dataset = hand_dataset(pixels, spacing, "B", 77, photometric="MONOCHROME1")
    node.send_through_orthanc(save(dataset, tmp_path / "both.dcm"))
    status = node.wait_for(str(dataset.StudyInstanceUID))
    assert status["state"] == "delivered"
    assert len(returned(node, str(dataset.StudyInstanceUID), "SR")) == 1


def test_a_knee_sent_as_a_hand_is_a_report_that_says_not_evaluable(node: RunningNode, tmp_path: Path) -> None:
    [path] = wrap_photos([KNEE], "hand", "KNEE", tmp_path)
    uid = str(dcmread(path).StudyInstanceUID)
    node.send_through_orthanc(path)
    status = node.wait_for(uid)
    assert status["state"] == "not_evaluable"
    [(_, report)] = returned(node, uid, "SR")
    assert judge(report) == []
    assert "No hand was found" in report_as_text(dcmread(report))


def test_a_study_that_no_system_accepts_is_kept_with_each_systems_reason(node: RunningNode, tmp_path: Path) -> None:
    hand = draw_hand(5)
    dataset = hand_dataset(hand.pixels, hand.spacing_mm, "L", 5)
    dataset.BodyPartExamined, dataset.StudyInstanceUID = "FOOT", "1.2.826.0.1.3680043.8.498.5"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.826.0.1.3680043.8.498.6"
    assert storescu(node.port, save(dataset, tmp_path / "foot.dcm")).returncode == 0
    status = node.wait_for("1.2.826.0.1.3680043.8.498.5")
    assert status["state"] == "no_system"
    assert {"code", "text", "system"} <= set(status["reasons"][0])
    assert "body_part is FOOT" in status["reasons"][0]["text"]


def test_an_image_that_cannot_be_decoded_is_not_evaluable(node: RunningNode, tmp_path: Path) -> None:
    hand = draw_hand(6)
    dataset = hand_dataset(hand.pixels, hand.spacing_mm, "L", 6)
    dataset.StudyInstanceUID = "1.2.826.0.1.3680043.8.498.7"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.826.0.1.3680043.8.498.8"
    dataset.PixelData = dataset.PixelData[:100]
    assert storescu(node.port, save(dataset, tmp_path / "short.dcm")).returncode == 0
    status = node.wait_for("1.2.826.0.1.3680043.8.498.7")
    assert status["state"] == "not_evaluable"
    assert "decoded" in status["reasons"][0]["text"]


def test_two_halves_in_two_associations_are_one_study(node: RunningNode, tmp_path: Path) -> None:
    pair = write_hand_pair(tmp_path, 4300)
    for path in pair.files:
        assert storescu(node.port, path).returncode == 0
    status = node.wait_for(pair.study_instance_uid)
    assert status["state"] == "delivered"
    assert len(status["results"]) == 1


def test_a_late_image_makes_a_successor(node: RunningNode, tmp_path: Path) -> None:
    pair = write_hand_pair(tmp_path, 4400)
    uid, (right, left) = pair.study_instance_uid, pair.files
    storescu(node.port, right)
    first = node.wait_for(uid)["results"]
    storescu(node.port, left)

    def succeeded() -> bool:
        results = node.wait_for(uid)["results"]
        return bool(results) and results != first

    wait_until("a successor", succeeded, 120)
    assert len(returned(node, uid, "SR")) == 2


def test_the_pacs_is_away_and_comes_back(node: RunningNode, tmp_path: Path) -> None:
    pair = write_hand_pair(tmp_path, 4500)
    uid = pair.study_instance_uid
    node.orthanc.stop()
    assert storescu(node.port, *pair.files).returncode == 0
    wait_until("the report waits", lambda: node.status(uid).get("state") == "delivering", 60)
    node.orthanc.start()
    assert node.wait_for(uid, 120)["state"] == "delivered"
    assert len(returned(node, uid, "SR")) == 1
