"""Teach the site network: hands near the canonical pose, with every error of the overview and every kind of film."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from scoring.anatomy.augmentation import Chance, bend_field, bent_points, exposed, surroundings
from scoring.anatomy.film_view import contrast, sampled
from scoring.anatomy.found_hand import CANONICAL_HEIGHT, CANONICAL_WIDTH
from scoring.anatomy.site_network import STRIDE, SiteNetwork

_SPREAD = 1.0
"""Width of the target heatmaps in heatmap pixels."""


@dataclass(frozen=True)
class SiteCanvas:
    """Canvases (n, 1, 192, 192); landmarks (n, 28, 2) and their weights (n, 28); canonical -> canvas (n, 2, 3);
    how often each is drawn (n,)."""

    canvases: Tensor
    points: Tensor
    weights: Tensor
    affines: Tensor
    share: Tensor


def train_sites(hands: SiteCanvas, steps: int, seed: int, tick: Callable[[], None], batch: int = 16) -> SiteNetwork:
    """Train from a seed; ``tick`` is called after every step."""
    torch.manual_seed(seed)
    chance = Chance(seed)
    network = SiteNetwork()
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, steps, pct_start=0.12)
    for _ in range(steps):
        chosen = torch.multinomial(hands.share, batch, replacement=True, generator=chance.generator)
        affines = _jittered(chance, hands.affines[chosen])
        bend = bend_field(chance, batch, CANONICAL_HEIGHT, CANONICAL_WIDTH, 3.0)
        pictures = hands.canvases[chosen]
        outside = surroundings(chance, pictures)
        views = sampled(pictures - outside, affines, CANONICAL_HEIGHT, CANONICAL_WIDTH, bend) + outside
        points = bent_points(affines, bend, hands.points[chosen].nan_to_num(-99.0))
        views, _ = exposed(chance, views, inverted_share=0.04, cut_share=0.2)
        loss = _loss(network(contrast(views)), points, hands.weights[chosen])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves this one untyped
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        tick()
    return network.eval()


def _jittered(chance: Chance, affines: Tensor) -> Tensor:
    """Canonical -> canvas with the errors that the overview makes, and more: turn, size, aspect, place."""
    count = affines.shape[0]
    turn = chance.normal(0.22, count).clamp(-0.62, 0.62)
    size = torch.exp(chance.normal(0.16, count).clamp(-0.4, 0.4))
    aspect = torch.exp(chance.normal(0.06, count))
    middle = torch.tensor([(CANONICAL_WIDTH - 1) / 2, (CANONICAL_HEIGHT - 1) / 2])
    cos, sin = torch.cos(turn) * size, torch.sin(turn) * size
    linear = torch.stack([torch.stack([cos * aspect, -sin], 1), torch.stack([sin * aspect, cos], 1)], 1)
    shift = middle + chance.normal(5.0, count, 2) - torch.einsum("nij,j->ni", linear, middle)
    joined = torch.einsum("nij,njk->nik", affines[:, :, :2], torch.cat([linear, shift[:, :, None]], 2))
    return torch.cat([joined[:, :, :2], joined[:, :, 2:] + affines[:, :, 2:]], 2)


def _loss(logits: Tensor, points: Tensor, weights: Tensor) -> Tensor:
    """Cross-entropy between each heatmap and a Gaussian at the truth; landmarks without truth or off the view rest."""
    rows, columns = logits.shape[-2:]
    points = (points - (STRIDE - 1) / 2) / STRIDE
    inside = (points[..., 0] > -1) & (points[..., 0] < columns) & (points[..., 1] > -1) & (points[..., 1] < rows)
    counted = weights * inside
    known = counted > 0
    places, planes = points[known], logits[known]
    down = torch.softmax(-((torch.arange(rows) - places[:, 1:2]) ** 2) / (2 * _SPREAD**2), 1)
    across = torch.softmax(-((torch.arange(columns) - places[:, 0:1]) ** 2) / (2 * _SPREAD**2), 1)
    # the Gaussian is an outer product; it is never laid out as a plane
    agreed = ((planes @ across[:, :, None])[:, :, 0] * down).sum(1) - planes.flatten(1).logsumexp(1)
    floor = math.log(2 * math.pi * math.e * _SPREAD**2)
    return ((-agreed - floor) * counted[known]).sum() / counted.sum().clamp_min(1)
