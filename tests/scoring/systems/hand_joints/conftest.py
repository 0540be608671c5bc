"""The packaged grader and system, opened once."""

from __future__ import annotations

import pytest

from scoring.catalogue import find_spec, open_system
from scoring.contract import ScoringSystem
from scoring.networks.torch_start import load_weights, start_torch
from scoring.systems.hand_joints.network import JointGrader
from scoring.weights import read_weights_record


@pytest.fixture(scope="session")
def packaged_grader() -> JointGrader:
    start_torch()
    grader = JointGrader()
    record = read_weights_record(find_spec("hand_joints").folder / "weights.toml")
    load_weights(grader, record.file("joint_grader"))
    return grader


@pytest.fixture(scope="session")
def hand_joints() -> ScoringSystem:
    return open_system("hand_joints")
