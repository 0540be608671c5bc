"""The heatmap: hot is hot, it lies where the joint lies, and it points at the damage."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from scoring.anatomy.heat_on_film import LONGEST_EDGE, heat_on_film
from scoring.evaluation.damaged_joints import DamagedJoint, damaged_joints
from scoring.phantoms.hand import draw_hand
from scoring.score_rules.sharp_van_der_heijde import SITES
from scoring.systems.hand_joints.interpretation import DamageExplainer
from scoring.systems.hand_joints.network import EROSION_CUTS, NARROWING_CUTS, GradeLogits, JointGrader
from scoring.systems.hand_joints.pointing import count_hits, count_hits_when_shuffled
from scoring.systems.hand_joints.preprocessing import CROP, crop_affines, frame_of_centres


class BrightnessGrader(JointGrader):
    """A grader whose answer is known: the brighter a place of the crop, the more it says for damage."""

    def __init__(self) -> None:
        super().__init__()
        self.detail = nn.Sequential(nn.AvgPool2d(4))
        self.features = nn.Sequential(nn.AvgPool2d(2))

    def judged(self, detail: Tensor, sites: Tensor) -> GradeLogits:
        said = self.features(detail).mean((1, 2, 3))[:, None]
        return GradeLogits(said.expand(-1, EROSION_CUTS), said.expand(-1, NARROWING_CUTS))


@pytest.fixture(scope="module")
def joints() -> list[DamagedJoint]:
    return damaged_joints(100)


def test_hot_is_hot() -> None:
    """MONAI's default post-processing would exchange hot and cold; this map must not."""
    crop = torch.zeros(1, 1, CROP, CROP)
    crop[..., 24:32, 32:40] = 1.0
    heat = DamageExplainer(BrightnessGrader().eval()).heat(crop, torch.tensor([6]), np.array([9.0], np.float32))
    row, column = np.unravel_index(heat[0].argmax(), heat[0].shape)
    assert 22 <= row < 34
    assert 30 <= column < 42
    assert heat[0, 50, 20] < 0.1 * heat[0].max()


def test_explaining_leaves_the_grader_as_it_was() -> None:
    grader = JointGrader().eval().requires_grad_(False)
    DamageExplainer(grader).heat(torch.rand(1, 1, CROP, CROP), torch.tensor([6]), np.array([4.0], np.float32))
    assert not grader.training
    assert not any(p.requires_grad for p in grader.parameters())


def test_healthy_sites_stay_cold() -> None:
    crops = torch.rand(2, 1, CROP, CROP)
    heat = DamageExplainer(BrightnessGrader().eval()).heat(
        crops, torch.tensor([6, 7]), np.array([0.02, 4.0], np.float32)
    )
    assert heat[0].max() < 0.02
    assert heat[1].max() > 0.5


@pytest.mark.parametrize("side", ["L", "R"])
def test_heat_comes_back_to_its_place_on_the_film(side: str) -> None:
    phantom = draw_hand(12, side=side, spacing_mm=0.2)  # type: ignore[arg-type]
    frame = frame_of_centres(phantom.centres, phantom.side)
    heat = np.zeros((len(SITES), CROP, CROP), np.float32)
    site = SITES.index("MCP5")
    heat[site, 31:33, 31:33] = 1.0
    rows, columns = phantom.pixels.shape
    grid = heat_on_film(heat, crop_affines(frame), (rows, columns))
    assert max(grid.shape) <= LONGEST_EDGE
    row, column = np.unravel_index(int(grid.argmax()), grid.shape)
    found = (column + 0.5) * columns / grid.shape[1] - 0.5, (row + 0.5) * rows / grid.shape[0] - 0.5
    assert np.hypot(*(np.array(found) - phantom.centres["MCP5"])) < 0.03 * frame.breadth


def test_the_hottest_point_lies_in_the_damaged_joint(packaged_grader: JointGrader, joints: list[DamagedJoint]) -> None:
    assert count_hits(packaged_grader, joints) >= 90


def test_with_shuffled_weights_it_does_not(packaged_grader: JointGrader, joints: list[DamagedJoint]) -> None:
    assert count_hits_when_shuffled(packaged_grader, joints[::2], seed=1) <= 15
