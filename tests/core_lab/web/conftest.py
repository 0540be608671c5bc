"""One filled node and its page for all tests that only look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from scoring.result import ScoreResult
from tests.core_lab.web.node_for_tests import (
    RECEIVED,
    HandImage,
    NodeForTests,
    hand_study,
    refused_result,
    truth_result,
)
from tests.core_lab.web.page_for_tests import PageProcess
from tests.dicom_node.delivery.finished_objects import finished_picture
from tests.foreign_programs.programs import free_port

DELIVERED = "1.2.3.4.10000001"
HELD = "1.2.3.4.20000002"
REFUSED = "1.2.3.4.30000003"
HOSTILE = "1.2.3.4.40000004"
HOSTILE_TEXT = "<script>document.title='taken'</script>\"'&"


@dataclass(frozen=True)
class FilledNode:
    """A node with a study in each of several states."""

    node: NodeForTests
    images: list[HandImage]
    """Of the study that was delivered."""
    delivered: ScoreResult
    held: ScoreResult


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> FilledNode:
    """Delivered, held, not evaluable, and one whose header and reasons are hostile."""
    node = NodeForTests(tmp_path_factory.mktemp("page") / "data", free_port())
    trial = {"ClinicalTrialProtocolID": "TRIAL-1", "ClinicalTrialSubjectID": "S-0412", "ClinicalTrialSiteID": "07"}
    images = hand_study(node, DELIVERED, 11, **trial, ClinicalTrialTimePointID="W24")
    delivered, arrays = truth_result(DELIVERED, images)
    node.keep_result(delivered, arrays)
    picture = finished_picture("2.25.91", DELIVERED)
    node.keep_object(delivered, "2.25.91", picture.sop_class_uid, "heatmap", picture.content, RECEIVED + 2)
    passed_over = {"code": "no_system", "text": "modality is CR, wanted DMS", "system": "nailfold"}
    steps = ("complete", "Complete: no new image for 5 s"), ("delivered", "1 object stored by pacs")
    node.move(DELIVERED, *steps, reasons=[passed_over])
    images_held = hand_study(node, HELD, 5)
    held, arrays = truth_result(HELD, images_held, gaps=[("R", "PIP5"), ("L", "ULNA")])
    node.keep_result(held, arrays)
    reason = {"code": "demonstration_weights", "text": "rests on demonstration weights", "system": "hand_joints"}
    node.move(HELD, ("held", "Held"), reasons=[reason])
    node.keep_result(refused_result(REFUSED, hand_study(node, REFUSED, 7)))
    node.move(REFUSED, ("not_evaluable", "No hand was found"))
    hand_study(node, HOSTILE, 8, ClinicalTrialSubjectID=HOSTILE_TEXT, SeriesDescription=HOSTILE_TEXT)
    reason = {"code": HOSTILE_TEXT, "text": HOSTILE_TEXT, "system": HOSTILE_TEXT}
    node.move(HOSTILE, ("failed", HOSTILE_TEXT), reasons=[reason])
    return FilledNode(node, images, delivered, held)


@pytest.fixture(scope="session")
def running_page(filled: FilledNode) -> Iterator[PageProcess]:
    """The page of the filled node, signed in."""
    with PageProcess(filled.node.settings) as page:
        page.sign_in()
        yield page


@pytest.fixture
def empty_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageProcess]:
    """The page of a node that never received anything, not signed in."""
    node = NodeForTests(tmp_path_factory.mktemp("empty") / "data", free_port())
    with PageProcess(node.settings) as page:
        yield page
