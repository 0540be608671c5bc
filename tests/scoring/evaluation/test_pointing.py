"""Does the heatmap point where the damage is: measured through a whole system, told from a map that knows nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from scoring.catalogue import find_spec, open_system
from scoring.contract import Findings, HeatmapFinding, ScoringContext
from scoring.evaluation.damaged_joints import damaged_joints, joint_boxes
from scoring.evaluation.pointing import HEALED_SHARES, measure_pointing
from scoring.image import ScoringImage
from scoring.networks.shuffled_weights import LearntSystem, shuffled_weights
from scoring.quality import NON_DIAGNOSTIC
from scoring.result import ScoreItem


@dataclass
class KnownHeat:
    """A system that knows the phantoms: its score is what differs from the healed hand, its heat lies where told."""

    elsewhere: bool
    spec: Any = field(default_factory=lambda: find_spec("hand_joints"))
    weights: tuple[Any, ...] = ()
    statement: str = ""

    def __post_init__(self) -> None:
        (self.joint,) = damaged_joints(1)
        self.healed = self.joint.healed().pixels

    def score(self, images: Sequence[ScoringImage], entered: Sequence[ScoreItem], context: ScoringContext) -> Findings:
        x0, y0, x1, y1 = (int(v) for v in joint_boxes(self.joint.phantom.centres)[self.joint.site])
        grid = np.zeros(images[0].pixels.shape, np.uint8)
        grid[y0 + 2 : y1 - 1, x0 + 2 : x1 - 1] = 255
        if self.elsewhere:
            grid = np.roll(grid, grid.shape[0] // 2, 0)
        differs = float(np.abs(images[0].pixels - self.healed).sum())
        item = ScoreItem("PIP2", "erosion", "scored", side="L", value=differs, grade=1)
        heat = HeatmapFinding("phantom", grid, "a known map", "what differs")
        return Findings((item,), (), NON_DIAGNOSTIC, heatmaps=(heat,))


def test_a_map_on_the_damage_hits_and_healing_there_takes_the_score_away() -> None:
    found = measure_pointing(KnownHeat(elsewhere=False), phantoms=1)
    assert found is not None
    assert (found.hits.value, found.in_damaged_box.value) == (1.0, pytest.approx(1.0, abs=0.05))
    assert found.curve[0] == 1.0
    assert found.curve[-1] < 0.5
    assert min(found.control) > 0.9
    assert len(found.curve) == len(HEALED_SHARES)
    assert found.hits_with_shuffled_weights is None, "a system without networks has no weights to shuffle"


def test_a_map_beside_the_damage_misses() -> None:
    found = measure_pointing(KnownHeat(elsewhere=True), phantoms=1)
    assert found is not None
    assert found.hits.value == 0.0
    assert min(found.curve) > 0.9


def test_the_packaged_weights_point_at_damage_and_shuffled_ones_do_not() -> None:
    system = open_system("hand_joints")
    assert isinstance(system, LearntSystem)
    found = measure_pointing(system, phantoms=2)
    assert found is not None
    assert found.hits.value == 1.0
    assert found.in_joint_boxes.value is not None
    assert found.in_joint_boxes.value > 0.9
    assert found.hits_with_shuffled_weights is not None
    assert found.hits_with_shuffled_weights.value is not None
    assert found.hits_with_shuffled_weights.value < 1.0
    assert found.curve[-1] < 0.3
    assert found.control[-1] > 0.7


def test_shuffled_weights_come_back_in_their_order() -> None:
    network = nn.Linear(7, 5)
    before = network.weight.clone()
    with shuffled_weights([network], seed=1):
        assert not torch.equal(network.weight, before)
        assert torch.equal(network.weight.flatten().sort().values, before.flatten().sort().values)
    assert torch.equal(network.weight, before)
