"""Promise P8: a study that kills its worker each time stops no other, and is given to a person after three times."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from dicom_node.ledger.job_failures import CRASHED
from dicom_node.ledger.tables import StudyRow
from scoring.phantoms.as_dicom import hand_dataset, phantom_uid
from scoring.phantoms.hand import draw_hand
from tests.foreign_programs.dcmtk import storescu
from tests.foreign_programs.programs import wait_until
from tests.journey.running_node import RunningNode
from tests.journey.toy_house import TOY, build_house, where_the_toy_scores

_OTHERS = 5
_POISON = "2.25.66600666"
_KILLS_ITS_WORKER = """

import os
import signal

_score = Brightness.score


def _die_of_the_poison(self, images, entered, context):
    if images[0].reference.study_instance_uid == "{poison}" and os.path.exists("{fault}"):
        os.kill(os.getpid(), signal.SIGKILL)
    return _score(self, images, entered, context)


Brightness.score = _die_of_the_poison
"""


@pytest.fixture
def fault(tmp_path: Path) -> Path:
    """While this file is there, the toy dies of the poison."""
    path = tmp_path / "fault"
    path.touch()
    return path


@pytest.fixture
def node(tmp_path: Path, fault: Path) -> Iterator[RunningNode]:
    """It finds one system, a toy that takes fingers."""
    house = build_house(tmp_path / "house")
    with (house / "scoring" / "systems" / TOY.name / "system.py").open("a") as system:
        system.write(_KILLS_ITS_WORKER.format(poison=_POISON, fault=fault))
    node = RunningNode(tmp_path)
    node.environment = where_the_toy_scores(house)
    with node:
        yield node


def write_finger(folder: Path, number: int, study: str) -> Path:
    hand = draw_hand(3, side="L")
    dataset = hand_dataset(
        hand.pixels, hand.spacing_mm, "L", 3, study_instance_uid=study, patient_id=f"POISON-{number}"
    )
    dataset.BodyPartExamined = "FINGER"
    path = folder / f"{number}.dcm"
    dataset.save_as(path, enforce_file_format=True)
    return path


def wait_for(node: RunningNode, wanted: dict[str, str]) -> None:
    """Until every study is in the state that it must come to."""

    def are_there() -> bool:
        with node.reading() as session:
            states = session.execute(select(StudyRow.study_instance_uid, StudyRow.state))
            return {row.study_instance_uid: row.state for row in states} == wanted

    wait_until("every study comes to rest", are_there, 150)


@pytest.mark.timeout(480)
def test_one_poison_among_others(node: RunningNode, fault: Path, tmp_path: Path) -> None:
    """Given studies of which the first kills the process that scores it; then all others are scored and delivered, the
    poison is parked after three attempts with its reason, and ``status`` calls a person; when the fault is mended and
    that study is started again, it is scored too."""
    others = [phantom_uid("beside the poison", n) for n in range(_OTHERS)]
    files = [write_finger(tmp_path, n, uid) for n, uid in enumerate([_POISON, *others])]
    assert storescu(node.port, *files).returncode == 0
    wait_for(node, dict.fromkeys(others, "delivered") | {_POISON: "failed"})

    shown = node.verb("status", "--json", "--study", _POISON)
    assert shown.returncode == 1, "it waits for a person"
    [poison] = json.loads(shown.stdout)
    [job] = poison["jobs"]
    assert (job["state"], job["attempts"], job["error_code"]) == ("parked", 3, CRASHED)
    assert {"code": CRASHED, "text": job["error_text"], "system": TOY.name} in poison["reasons"]
    assert [event["event"] for event in poison["timeline"]].count("score_started") == 3

    fault.unlink()
    assert node.verb("requeue", "--study", _POISON).returncode == 0
    wait_for(node, dict.fromkeys([*others, _POISON], "delivered"))
    assert node.verb("status").returncode == 0
