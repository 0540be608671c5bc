"""From a folder of phantoms with simulated readers to a node that scores with what was learnt from them.

Four commands as a stranger types them, and one line in node.toml.
"""

from __future__ import annotations

import json
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
from tests.scoring.systems.svdh_hands.small_recipe import small_recipe

pytestmark = pytest.mark.timeout(900)
"""Many processes that load torch, each with its own limit."""

WHOLE_HANDS = find_spec("svdh_hands")


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with films, readings, a run of a small recipe on them, its evaluation and its card: poor weights."""
    folder = tmp_path_factory.mktemp("centre")
    films, run, report = folder / "films", folder / "run", folder / "report"
    read = ("--labels", films / "readings.csv", "--images", films)
    _call("phantom", "hand", "-n", "5", "--seed", "300", "--readers", "2", "--out", films)
    _call("train", "svdh_hands", *read, "--recipe", small_recipe(folder), "--out", run)
    told = _call("evaluate", "svdh_hands", *read, "--weights", run, "--out", report)
    assert "ICC(2,1)" in told
    card = _call("card", "svdh_hands", "--weights", run, "--evaluation", report)
    assert card == f"{run / 'README.md'}\n"
    return folder


def _call(*arguments: str | Path) -> str:
    command = [sys.executable, "-m", "scoring.cli", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_the_evaluation_is_of_the_sums_that_readers_and_system_have(centre: Path) -> None:
    found = json.loads((centre / "report" / "evaluation.json").read_text(encoding="utf-8"))
    assert list(found["items"]) == ["sum_of_a_hand"], "there is no grade of a site to be measured"
    assert 0 < found["items"]["sum_of_a_hand"]["rows"] <= 5
    assert (centre / "report" / "evaluation.html").stat().st_size > 10_000


def test_the_card_is_of_the_run_and_not_of_the_packaged_weights(centre: Path) -> None:
    text = (centre / "run" / "README.md").read_text(encoding="utf-8")
    assert "same folds" in text and "`mobilenetv2_035`" in text
    assert "No person with arthritis" not in text


def test_one_line_makes_the_node_score_with_a_centres_own_weights(
    node: RunningNode, centre: Path, tmp_path: Path
) -> None:
    own = with_weights_of(WHOLE_HANDS, centre / "run")
    # given a node whose settings name the run
    line, systems = f'[scoring.weights]\nsvdh_hands = "{centre / "run"}"\n', node.systems
    node.more_peers, node.systems = node.more_peers + line, ("svdh_hands",)
    node.restart()
    try:
        # when a study comes
        pair = write_hand_pair(tmp_path, 5100)
        node.send_through_orthanc(*pair.files)
        status = node.wait_for(pair.study_instance_uid, 180)
        # then its result, and the report in the PACS, are of these weights and say what the centre says of them
        assert status["state"] == "delivered", status["reasons"]
        [result] = status["results"]
        assert (result["system"], result["weights_sha256"]) == ("svdh_hands", digest_of_weights(own))
        [report] = [dcmread(path) for _, path in returned(node, pair.study_instance_uid, "SR")]
        read = read_back(report, WHOLE_HANDS)
        assert read.weights_digest == digest_of_weights(own)
        assert "learnt on a centre's own readings" in read.statement
        assert {w.file: w.demonstration for w in read.weights}["tiny.safetensors"] is False
        captures = [dcmread(path) for _, path in returned(node, pair.study_instance_uid, "OT")]
        assert captures and all("centre's own readings" in capture.ImageComments for capture in captures)
    finally:
        node.more_peers, node.systems = node.more_peers.replace(line, ""), systems
        node.restart()
