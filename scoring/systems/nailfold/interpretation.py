"""Where the label network looked: Grad-CAM of its probable labels on the last convolution (Selvaraju et al. 2017).

A map is scaled by the most probable of the labels, so that a picture without a finding stays cold.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from scoring.score_rules.nailfold_labels import FEATURES, NAILFOLD_LABELS
from scoring.systems.nailfold.backbones import as_labels
from scoring.systems.nailfold.network import LabelNetwork, with_mirrored

METHOD: Final = "Grad-CAM"
ABOUT: Final = "the labels, each by its probability"
_COLUMNS_OF_FEATURES: Final = [NAILFOLD_LABELS.index(label) for label in FEATURES]

Heat = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


class ExplainedPictures(NamedTuple):
    """What the network says of n pictures, and where it looked."""

    probabilities: Floats
    """(n, 5), 0..1, as ``LabelNetwork.probabilities``."""
    heat: Floats
    """(n, rows, columns), 0..1."""


def explained(network: LabelNetwork, pictures: Floats) -> ExplainedPictures:
    """Judge and explain pictures of ``LabelNetwork.picture`` (n, 3, rows, columns): one forward pass serves both.

    Backwards it goes through the head alone. Safe from several threads.
    """
    given = torch.from_numpy(np.ascontiguousarray(pictures, np.float32))
    with torch.no_grad():
        features, labels = as_labels(network.module).last_map(given.contiguous(memory_format=torch.channels_last))
    with torch.enable_grad():
        logits = labels(features.requires_grad_())
    with torch.no_grad():
        said = with_mirrored(network.module, logits, given) if network.shape.mirrored else logits
        probabilities = said.detach().double().sigmoid().float()
    weights = probabilities[:, _COLUMNS_OF_FEATURES]
    (slopes,) = torch.autograd.grad((weights * logits[:, _COLUMNS_OF_FEATURES]).sum(), features)
    maps = (slopes.mean((2, 3), keepdim=True) * features.detach()).sum(1).relu()
    share = maps / maps.amax((1, 2), keepdim=True).clamp_min(1e-12)
    heat = share * weights.amax(1)[:, None, None]
    return ExplainedPictures(probabilities.numpy(), heat.numpy())


def heat_on_photograph(heat: npt.NDArray[np.float32], shape: tuple[int, ...], view: tuple[int, int]) -> Heat:
    """One map (rows, columns) of a ``view`` cut to where a photograph of ``shape`` stood in it, 0..255."""
    shrink = min(view[0] / shape[0], view[1] / shape[1])
    rows, columns = heat.shape
    half_high, half_wide = (shape[0] * shrink / view[0] * rows / 2, shape[1] * shrink / view[1] * columns / 2)
    box = (columns / 2 - half_wide, rows / 2 - half_high, columns / 2 + half_wide, rows / 2 + half_high)
    size = (max(1, round(2 * half_wide)), max(1, round(2 * half_high)))
    cut = Image.fromarray(np.ascontiguousarray(heat, np.float32)).resize(size, Image.Resampling.BILINEAR, box=box)
    return np.asarray(np.rint(np.clip(np.asarray(cut), 0, 1) * 255), np.uint8)
