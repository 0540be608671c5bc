"""Many studies at once, and one whose images come in the other order: each is one study with one result."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scoring.phantoms.write_phantoms import write_hand_pair
from tests.foreign_programs.dcmtk import storescu
from tests.journey.running_node import RunningNode
from tests.journey.sent_study import SentStudy, write_study

pytestmark = pytest.mark.timeout(900)
"""A busy machine is no fault."""

STUDIES = 4


def test_many_studies_at_once(node: RunningNode, tmp_path: Path) -> None:
    studies = [write_study(tmp_path, 900 + number) for number in range(STUDIES)]
    with ThreadPoolExecutor(STUDIES) as senders:
        sent = list(senders.map(lambda study: storescu(node.port, *study.files).returncode, studies))
    assert sent == [0] * STUDIES
    for study in studies:
        check(node, study)


def check(node: RunningNode, study: SentStudy) -> None:
    status = node.wait_for(study.uid, 240)
    assert (status["state"], status["instances"], len(status["results"])) == ("delivered", 1, 1)
    assert len(node.orthanc.find("Series", StudyInstanceUID=study.uid, Modality="SR")) == 1


def test_images_in_reversed_order_are_the_same_study(node: RunningNode, tmp_path: Path) -> None:
    """Given the left hand before the right, in one association; then one result names both."""
    pair = write_hand_pair(tmp_path, 4610)  # nobody else sends it to this node
    assert storescu(node.port, *reversed(pair.files)).returncode == 0
    status = node.wait_for(pair.study_instance_uid, 240)
    assert (status["state"], status["instances"], len(status["results"])) == ("delivered", 2, 1)
    assert len(node.orthanc.find("Series", StudyInstanceUID=pair.study_instance_uid, Modality="SR")) == 1
