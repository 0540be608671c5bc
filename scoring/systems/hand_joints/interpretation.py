"""Where the grader looked: Grad-CAM of the expected damage at every site, brought back to the film.

Every site's map is scaled by its own expected damage, so that healthy joints stay cold whatever their map looks like.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from scoring.networks.grad_cam import grad_cam
from scoring.systems.hand_joints.network import LAST_FEATURES, JointGrader, expected_damage
from scoring.systems.hand_joints.preprocessing import CROP, Grey

METHOD: Final = "Grad-CAM"
ABOUT: Final = "expected erosion and narrowing grades"
_HALF_HOT_DAMAGE: Final = 2.0
"""Expected damage, in grades, at which a site glows with 1 - 1/e of full heat."""


class DamageExplainer:
    """Grad-CAM over a grader; one forward and one short backward pass for all crops. Not for two threads at once."""

    def __init__(self, grader: JointGrader) -> None:
        self._cam = grad_cam(_ExpectedDamage(grader), f"grader.{LAST_FEATURES}")

    def heat(self, crops: Tensor, sites: Tensor, damage: Grey) -> Grey:
        """(n, CROP, CROP) heat from 0 to 1 for crops (n, 1, CROP, CROP), their sites (n,) and expected damage (n,)."""
        with torch.enable_grad():
            maps = self._cam(crops, class_idx=0, sites=sites).detach().numpy()[:, 0]
        peaks = maps.max((1, 2), keepdims=True)
        shape = np.where(peaks > 0, maps / np.maximum(peaks, 1e-12), 0.0)
        glow = 1.0 - np.exp(-damage / _HALF_HOT_DAMAGE)
        return np.asarray(shape * _soft_disc() * glow[:, None, None], np.float32)


class _ExpectedDamage(nn.Module):
    """(n, 1): the number that is explained. Gradients are needed from the second half of the grader on only."""

    def __init__(self, grader: JointGrader) -> None:
        super().__init__()
        self.grader = grader

    def forward(self, crops: Tensor, sites: Tensor) -> Tensor:
        detail = self.grader.detail(crops).detach().requires_grad_()
        return expected_damage(self.grader.judged(detail, sites), sites)[:, None]


def _soft_disc() -> Grey:
    """1 in the middle of a crop, falling to 0 at the rim of the disc that fits into it."""
    line = (np.arange(CROP) - (CROP - 1) / 2) / (CROP / 2)
    radius = np.hypot(line[None], line[:, None])
    return np.asarray(np.clip((1.0 - radius) / 0.3, 0.0, 1.0), np.float32)
