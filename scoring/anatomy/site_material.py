"""What the site network learns from: hands near the canonical pose, with every error of the overview, on any film."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from scoring.anatomy.augmentation import Chance, bend_field, bent_points, exposed, surroundings
from scoring.anatomy.film_view import contrast, sampled
from scoring.anatomy.found_hand import CANONICAL_HEIGHT, CANONICAL_WIDTH
from scoring.anatomy.site_network import STRIDE
from scoring.learning.batch_stream import Batch
from scoring.learning.showing_order import Order

_SPREAD: Final = 1.0
"""Width of the target heatmaps in heatmap pixels."""
_BEND_PX: Final = 3.0
_FAR_OFF: Final = -99.0
"""Where a landmark without truth is put: outside every view."""


@dataclass(frozen=True)
class SiteMaterial:
    """Hands (n, 1, 192, 192); landmarks (n, 28, 2) in their pixels and their weights (n, 28); canonical -> canvas
    (n, 2, 3); how often each is shown, compared with the others (n,)."""

    canvases: npt.NDArray[np.float16]
    points: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]
    affines: npt.NDArray[np.float32]
    share: npt.NDArray[np.float64]

    def order(self, chance: np.random.Generator) -> Order:
        """As many as there are hands, drawn by their share."""
        count = len(self.canvases)
        return chance.choice(count, count, p=self.share / self.share.sum()).astype(np.int64)

    def batch(self, chosen: Order, chance: np.random.Generator) -> Batch:
        """``views`` (n, 2, 160, 128), ``points`` (n, 28, 2) in view pixels and their ``weights`` (n, 28)."""
        draw = Chance(int(chance.integers(1 << 62)))
        affines = _jittered(draw, torch.from_numpy(self.affines[chosen]))
        bend = bend_field(draw, len(chosen), CANONICAL_HEIGHT, CANONICAL_WIDTH, _BEND_PX)
        pictures = torch.from_numpy(self.canvases[chosen].astype(np.float32))
        outside = surroundings(draw, pictures)
        views = sampled(pictures - outside, affines, CANONICAL_HEIGHT, CANONICAL_WIDTH, bend) + outside
        views, _ = exposed(draw, views, inverted_share=0.04, cut_share=0.2)
        points = bent_points(affines, bend, torch.from_numpy(self.points[chosen]).nan_to_num(_FAR_OFF))
        return {"views": contrast(views), "points": points, "weights": torch.from_numpy(self.weights[chosen])}


def _jittered(draw: Chance, affines: Tensor) -> Tensor:
    """Canonical -> canvas with the errors that the overview makes, and more: turn, size, aspect, place."""
    count = affines.shape[0]
    turn = draw.normal(0.22, count).clamp(-0.62, 0.62)
    size = torch.exp(draw.normal(0.16, count).clamp(-0.4, 0.4))
    aspect = torch.exp(draw.normal(0.06, count))
    middle = torch.tensor([(CANONICAL_WIDTH - 1) / 2, (CANONICAL_HEIGHT - 1) / 2])
    cos, sin = torch.cos(turn) * size, torch.sin(turn) * size
    linear = torch.stack([torch.stack([cos * aspect, -sin], 1), torch.stack([sin * aspect, cos], 1)], 1)
    shift = middle + draw.normal(5.0, count, 2) - torch.einsum("nij,j->ni", linear, middle)
    joined = torch.einsum("nij,njk->nik", affines[:, :, :2], torch.cat([linear, shift[:, :, None]], 2))
    return torch.cat([joined[:, :, :2], joined[:, :, 2:] + affines[:, :, 2:]], 2)


def site_loss(network: nn.Module, batch: Batch) -> Tensor:
    """Cross-entropy between each heatmap and a Gaussian at the truth; landmarks without truth or off the view rest."""
    logits: Tensor = network(batch["views"]).float()
    rows, columns = logits.shape[-2:]
    points = (batch["points"] - (STRIDE - 1) / 2) / STRIDE
    inside = (points[..., 0] > -1) & (points[..., 0] < columns) & (points[..., 1] > -1) & (points[..., 1] < rows)
    counted = batch["weights"] * inside
    known = counted > 0
    places, planes = points[known], logits[known]
    down = _bell(rows, places[:, 1:2])
    across = _bell(columns, places[:, 0:1])
    # the Gaussian is an outer product; it is never laid out as a plane
    agreed = ((planes @ across[:, :, None])[:, :, 0] * down).sum(1) - planes.flatten(1).logsumexp(1)
    floor = math.log(2 * math.pi * math.e * _SPREAD**2)
    return ((-agreed - floor) * counted[known]).sum() / counted.sum().clamp_min(1)


def _bell(length: int, middle: Tensor) -> Tensor:
    """(n, length): a Gaussian around each middle (n, 1), its sum one."""
    return torch.softmax(-((torch.arange(length, device=middle.device) - middle) ** 2) / (2 * _SPREAD**2), 1)
