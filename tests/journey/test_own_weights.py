"""A centre trains on its own readings, and one line in its node.toml makes the node score with what it learnt."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydicom import dcmread

from scoring.cards.card_facts import digest_of_weights
from scoring.catalogue import find_spec
from scoring.chosen_weights import with_weights_of
from scoring.phantoms.write_phantoms import write_hand_pair
from sr_templates.read_back import read_back
from tests.journey.running_node import RunningNode
from tests.journey.test_a_study_comes_back import returned

HAND = find_spec("hand_joints")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training on five phantoms for one epoch: poor weights, but others."""
    folder = tmp_path_factory.mktemp("centre")
    films, out = folder / "films", folder / "run"
    _call("phantom", "hand", "-n", "5", "--seed", "31", "--readers", "1", "--out", films)
    _call("train", "hand_joints", "--labels", films / "readings.csv", "--images", films, "--epochs", "1", "--out", out)
    return out


def _call(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "scoring.cli", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_one_line_makes_the_node_score_with_a_centres_own_weights(node: RunningNode, run: Path, tmp_path: Path) -> None:
    own = with_weights_of(HAND, run)
    assert digest_of_weights(own) != digest_of_weights(HAND)
    # given a node whose settings name the run
    node.more_peers += f'[scoring.weights]\nhand_joints = "{run}"\n'
    node.restart()
    try:
        # when a study comes
        pair = write_hand_pair(tmp_path, 5100)
        node.send_through_orthanc(*pair.files)
        status = node.wait_for(pair.study_instance_uid, 180)
        # then its result, and the report in the PACS, are of these weights and say what the centre says of them
        assert status["state"] == "delivered", status["reasons"]
        [result] = [found for found in status["results"] if found["system"] == "hand_joints"]
        assert result["weights_sha256"] == digest_of_weights(own)
        reports = [dcmread(path) for _, path in returned(node, pair.study_instance_uid, "SR")]
        read = next(r for r in (read_back(report, HAND) for report in reports) if r.system == "hand_joints")
        assert read.weights_digest == digest_of_weights(own)
        assert "learnt on a centre's own readings" in read.statement
        assert {w.file: w.demonstration for w in read.weights}["joint_grader.safetensors"] is False
        captures = [dcmread(path) for _, path in returned(node, pair.study_instance_uid, "OT")]
        assert all("centre's own readings" in capture.ImageComments for capture in captures)
    finally:
        node.more_peers = node.more_peers.replace(f'[scoring.weights]\nhand_joints = "{run}"\n', "")
        node.restart()
