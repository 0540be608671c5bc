"""Where the networks looked: Grad-CAM of the total on the last convolution of each member, averaged over the members.

Every hand's map is scaled by its own total, so that a healthy hand stays cold whatever its map looks like.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from scoring.networks.grad_cam import grad_cam
from scoring.networks.whole_hand import WholeHandNetwork
from scoring.systems.svdh_hands.ensemble import Ensemble
from scoring.systems.svdh_hands.preprocessing import Grey, Views, normalised

METHOD: Final = "Grad-CAM"
ABOUT: Final = "expected Sharp/van der Heijde sum of the hand"
_HALF_HOT_TOTAL: Final = 20.0
"""Score units of a hand, of 140, at which it glows with 1 - 1/e of full heat."""
_RIM: Final = 0.08
"""Share of a view's edge over which heat fades out, so that no line is seen on the film where the view ends."""


class TotalExplainer:
    """Grad-CAM over an ensemble; not for two threads at once."""

    def __init__(self, ensemble: Ensemble) -> None:
        self._maps = [
            grad_cam(_ExplainedTotal(network), _ExplainedTotal.LAST) for network in ensemble.networks.values()
        ]

    def heat(self, views: Views, totals: npt.NDArray[np.float64]) -> Grey:
        """(n, rows, columns) from 0 to 1 for views of ``hand_view`` and what the ensemble said of them (n,)."""
        seen = normalised(torch.from_numpy(views.astype(np.float32))[:, None])
        with torch.enable_grad():
            found = [one(seen, class_idx=0).detach().numpy()[:, 0] for one in self._maps]
        shape = np.mean([one / np.maximum(one.max((1, 2), keepdims=True), 1e-12) for one in found], 0)
        glow = 1.0 - np.exp(-totals / _HALF_HOT_TOTAL)
        return np.asarray(shape * _soft_rim(shape.shape[1:]) * glow[:, None, None], np.float32)


class _ExplainedTotal(nn.Module):
    """(n, 1): the number that is explained. Gradients are needed from the last convolution's answer on only."""

    LAST: Final = "last_features"

    def __init__(self, network: WholeHandNetwork) -> None:
        super().__init__()
        self.network = network
        self.last_features = nn.Identity()

    def forward(self, views: Tensor) -> Tensor:
        features = self.last_features(self.network.trunk(views).detach().requires_grad_())
        total: Tensor = self.network.head(features).total
        return total[:, None]


def _soft_rim(shape: tuple[int, ...]) -> Grey:
    """(rows, columns): 1 within a view, falling to 0 at its edges."""
    down, across = (np.minimum(np.arange(n) + 0.5, n - 0.5 - np.arange(n)) / (_RIM * n) for n in shape)
    return np.asarray(np.clip(np.minimum(down[:, None], across[None]), 0.0, 1.0), np.float32)
