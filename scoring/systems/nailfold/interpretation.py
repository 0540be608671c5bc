"""Where the label network looked: Grad-CAM of its probable labels on the last convolution (Selvaraju et al. 2017).

A map is scaled by the most probable of the labels, so that a picture without a finding stays cold.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor, nn

from scoring.score_rules.nailfold_labels import FEATURES, NAILFOLD_LABELS
from scoring.systems.nailfold.network import LabelNetwork

METHOD: Final = "Grad-CAM"
ABOUT: Final = "the labels, each by its probability"
_COLUMNS_OF_FEATURES: Final = [NAILFOLD_LABELS.index(label) for label in FEATURES]

Heat = npt.NDArray[np.uint8]
Pictures = npt.NDArray[np.float32]


class LabelExplainer:
    """Grad-CAM over a label network; one more forward and a short backward pass. Not for two threads at once."""

    def __init__(self, network: LabelNetwork) -> None:
        self._network = network

    def heat(self, pictures: Pictures, probabilities: Pictures) -> npt.NDArray[np.float32]:
        """(n, rows, columns), 0..1, for pictures of ``LabelNetwork.picture`` and what it said of them (n, 5)."""
        weights = torch.from_numpy(probabilities[:, _COLUMNS_OF_FEATURES])
        kept: list[Tensor] = []

        def cut_off(module: nn.Module, given: Any, features: Tensor) -> Tensor:
            """Gradients are needed from here on only."""
            kept.append(features.detach().requires_grad_())
            return kept[-1]

        hook = self._network.last_convolution.register_forward_hook(cut_off)
        try:
            with torch.enable_grad():
                logits = self._network.module(torch.from_numpy(pictures))
                explained = (weights * logits[:, _COLUMNS_OF_FEATURES]).sum()
                (slopes,) = torch.autograd.grad(explained, kept[0])
        finally:
            hook.remove()
        maps = (slopes.mean((2, 3), keepdim=True) * kept[0].detach()).sum(1).relu()
        share = maps / maps.amax((1, 2), keepdim=True).clamp_min(1e-12)
        return np.asarray((share * weights.amax(1)[:, None, None]).numpy(), np.float32)


def heat_on_photograph(heat: npt.NDArray[np.float32], shape: tuple[int, ...], view: tuple[int, int]) -> Heat:
    """One map (rows, columns) of a ``view`` cut to where a photograph of ``shape`` stood in it, 0..255."""
    shrink = min(view[0] / shape[0], view[1] / shape[1])
    rows, columns = heat.shape
    half_high, half_wide = (shape[0] * shrink / view[0] * rows / 2, shape[1] * shrink / view[1] * columns / 2)
    box = (columns / 2 - half_wide, rows / 2 - half_high, columns / 2 + half_wide, rows / 2 + half_high)
    size = (max(1, round(2 * half_wide)), max(1, round(2 * half_high)))
    cut = Image.fromarray(np.ascontiguousarray(heat, np.float32)).resize(size, Image.Resampling.BILINEAR, box=box)
    return np.asarray(np.rint(np.clip(np.asarray(cut), 0, 1) * 255), np.uint8)
