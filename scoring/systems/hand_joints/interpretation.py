"""Where the grader looked: Grad-CAM of the expected damage at every site, brought back to the film.

Every site's map is scaled by its own expected damage, so that healthy joints stay cold whatever their map looks like.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from torch import Tensor

from scoring.networks.grad_cam import grad_cam
from scoring.systems.hand_joints.network import JointGrader, expected_damage
from scoring.systems.hand_joints.preprocessing import CROP, Grey

METHOD: Final = "Grad-CAM"
ABOUT: Final = "expected erosion and narrowing grades"
_HALF_HOT_DAMAGE: Final = 2.0
"""Expected damage, in grades, at which a site glows with 1 - 1/e of full heat."""


class DamageExplainer:
    """Grad-CAM over a grader; one forward and one short backward pass for all crops."""

    def __init__(self, grader: JointGrader) -> None:
        self._grader = grader.eval()

    def heat(self, crops: Tensor, sites: Tensor, damage: Grey) -> Grey:
        """(n, CROP, CROP) heat from 0 to 1 for crops (n, 1, CROP, CROP), their sites (n,) and expected damage (n,)."""
        features = self._grader.seen(crops, sites).detach()
        with torch.enable_grad():
            explained = expected_damage(self._grader.judged(features.requires_grad_(), sites), sites)
            maps = grad_cam(explained, features, crops.shape[2:]).numpy()
        peaks = maps.max((1, 2), keepdims=True)
        shape = np.where(peaks > 0, maps / np.maximum(peaks, 1e-12), 0.0)
        glow = 1.0 - np.exp(-damage / _HALF_HOT_DAMAGE)
        return np.asarray(shape * _soft_disc() * glow[:, None, None], np.float32)


def _soft_disc() -> Grey:
    """1 in the middle of a crop, falling to 0 at the rim of the disc that fits into it."""
    line = (np.arange(CROP) - (CROP - 1) / 2) / (CROP / 2)
    radius = np.hypot(line[None], line[:, None])
    return np.asarray(np.clip((1.0 - radius) / 0.3, 0.0, 1.0), np.float32)
