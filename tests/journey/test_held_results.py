"""Results of demonstration weights stay in the house until the settings accept them by name."""

from __future__ import annotations

from pathlib import Path

from scoring.phantoms.write_phantoms import write_hand_pair
from tests.journey.running_node import RunningNode
from tests.journey.test_a_study_comes_back import returned


def test_demonstration_results_are_held_until_the_settings_accept_them(node: RunningNode, tmp_path: Path) -> None:
    node.accept = False
    node.restart()
    pair = write_hand_pair(tmp_path, 4600)
    uid = pair.study_instance_uid
    node.send_through_orthanc(*pair.files)
    held = node.wait_for(uid)
    assert held["state"] == "held"
    assert "demonstration weights" in held["reasons"][-1]["text"]
    assert node.verb("status").returncode == 1, "something waits for a person"
    assert returned(node, uid, "SR") == []

    node.accept = True
    node.restart()
    assert node.verb("requeue", "--study", uid).returncode == 0
    assert node.wait_for(uid, 60, not_in=("held",))["state"] == "delivered"
    assert len(returned(node, uid, "SR")) == 1
