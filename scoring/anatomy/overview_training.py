"""Teach the overview network: any turn, either side, small or large, one hand or two, and what is no hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from scoring.anatomy.augmentation import Chance, exposed, surroundings
from scoring.anatomy.film_view import contrast, sampled
from scoring.anatomy.overview_network import CELLS, LENGTH_UNIT, STRIDE, VIEW, Overview, OverviewNetwork

_MIDDLE = (VIEW - 1) / 2


@dataclass(frozen=True)
class PalmCanvas:
    """Hands on canvases (n, 1, 192, 192), thumb right: palm centres (n, 2) and wrist-to-MCP3 vectors (n, 2)."""

    canvases: Tensor
    centres: Tensor
    ups: Tensor


@dataclass
class _Batch:
    """Views before exposure, and for each the palms in it: (centre x, y, up x, y), or none."""

    views: Tensor
    palms: list[list[tuple[float, float, float, float]]]


def train_overview(
    hands: PalmCanvas, others: Tensor, steps: int, seed: int, tick: Callable[[], None], batch: int = 40
) -> OverviewNetwork:
    """Train from a seed; ``tick`` is called after every step."""
    torch.manual_seed(seed)
    chance = Chance(seed)
    network = OverviewNetwork()
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, steps, pct_start=0.15)
    for _ in range(steps):
        parts = (
            _single(chance, hands, batch // 2),
            _paired(chance, hands, batch // 8),
            _without(chance, others, batch - batch // 2 - batch // 8),
        )
        views, inverted = exposed(chance, torch.cat([p.views for p in parts]), inverted_share=0.2)
        loss = _loss(network(contrast(views)), [p for part in parts for p in part.palms], inverted)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves this one untyped
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        tick()
    return network.eval()


def _posed(
    chance: Chance, hands: PalmCanvas, chosen: Tensor, lengths: Tensor, turns: Tensor, centres: Tensor, mirrored: Tensor
) -> _Batch:
    """Views in which the chosen hands have this palm length, turn (radians), centre and mirroring."""
    ups = hands.ups[chosen]
    scale = ups.norm(dim=1) / lengths
    cos, sin = torch.cos(turns) * scale, torch.sin(turns) * scale
    flip = 1 - 2 * mirrored
    # view -> canvas: rotate by -turn, mirror in the canvas frame around the palm
    linear = torch.stack([torch.stack([cos * flip, sin * flip], 1), torch.stack([-sin, cos], 1)], 1)
    shift = hands.centres[chosen] - torch.einsum("nij,nj->ni", linear, centres)
    pictures = hands.canvases[chosen]
    outside = surroundings(chance, pictures)
    views = sampled(pictures - outside, torch.cat([linear, shift[:, :, None]], 2), VIEW, VIEW) + outside
    up = torch.linalg.solve(linear, ups)
    rows = torch.cat([centres, up], 1).tolist()
    return _Batch(views, [[(r[0], r[1], r[2], r[3])] for r in rows])


def _single(chance: Chance, hands: PalmCanvas, count: int) -> _Batch:
    lengths = torch.exp(chance.between(math.log(13), math.log(56), count))
    quarter = chance.one_of(4, count) * (math.pi / 2)
    tilt = chance.normal(0.3, count).clamp(-0.9, 0.9)
    # a large hand fills the view and stays near its middle; a small one may lie anywhere
    reach = (62 - lengths * 1.1).clamp(6, 45)
    centres = torch.stack([chance.between(-1, 1, count) * reach + _MIDDLE for _ in range(2)], 1)
    chosen = chance.one_of(hands.canvases.shape[0], count)
    return _posed(chance, hands, chosen, lengths, quarter + tilt, centres, chance.happens(0.5, count))


def _paired(chance: Chance, hands: PalmCanvas, count: int) -> _Batch:
    """Two hands beside each other, then the whole picture in a chance quarter turn."""
    lengths = chance.between(14, 29, count)
    mirrored = chance.happens(0.5, count)
    halves = []
    for side in (0, 1):
        at_x = 32 + 63 * side + chance.normal(3.0, count)
        centres = torch.stack([at_x, chance.between(52, 82, count)], 1)
        other = torch.where(chance.happens(0.85, count) > 0, 1 - mirrored, mirrored)
        sides = mirrored if side == 0 else other
        chosen = chance.one_of(hands.canvases.shape[0], count)
        halves.append(_posed(chance, hands, chosen, lengths, chance.normal(0.15, count), centres, sides))
    left, right = halves
    # one film has one exposure: bring both halves to the same level more often than not
    same = chance.happens(0.8, count).view(-1, 1, 1, 1)
    parts = [torch.where(same > 0, _even(h.views), h.views) for h in halves]
    seam = torch.arange(VIEW) < VIEW // 2
    views = torch.where(seam, parts[0], parts[1])
    palms = [a + b for a, b in zip(left.palms, right.palms, strict=True)]
    for i in range(count):
        quarter = int(chance.one_of(4, 1))
        views[i] = torch.rot90(views[i], quarter, (1, 2))
        for _ in range(quarter):
            palms[i] = [(y, VIEW - 1 - x, uy, -ux) for x, y, ux, uy in palms[i]]
    return _Batch(views, palms)


def _even(views: Tensor) -> Tensor:
    low = torch.quantile(views.flatten(1), 0.05, dim=1).view(-1, 1, 1, 1)
    high = torch.quantile(views.flatten(1), 0.98, dim=1).view(-1, 1, 1, 1)
    return ((views - low) / (high - low + 1e-3)).clamp(0, 1)


def _without(chance: Chance, others: Tensor, count: int) -> _Batch:
    """Pictures without a hand, posed as freely as those with one."""
    chosen = chance.one_of(others.shape[0], count)
    turns = chance.one_of(4, count) * (math.pi / 2) + chance.normal(0.2, count)
    scale = torch.exp(chance.between(math.log(0.8), math.log(2.2), count))
    flip = 1 - 2 * chance.happens(0.5, count)
    cos, sin = torch.cos(turns) * scale, torch.sin(turns) * scale
    linear = torch.stack([torch.stack([cos * flip, sin * flip], 1), torch.stack([-sin, cos], 1)], 1)
    middle = torch.full((count, 2), _MIDDLE) + chance.normal(10.0, count, 2)
    canvas_middle = (others.shape[-1] - 1) / 2
    shift = canvas_middle - torch.einsum("nij,nj->ni", linear, middle)
    pictures = others[chosen]
    outside = surroundings(chance, pictures)
    views = sampled(pictures - outside, torch.cat([linear, shift[:, :, None]], 2), VIEW, VIEW) + outside
    return _Batch(views, [[] for _ in range(count)])


def _loss(seen: Overview, palms: Sequence[list[tuple[float, float, float, float]]], inverted: Tensor) -> Tensor:
    """Focal loss for the centres; at each true centre the vector and the offset; the whole picture's gate."""
    count = len(palms)
    target = torch.zeros(count, CELLS, CELLS)
    cell_y, cell_x = torch.meshgrid(torch.arange(CELLS), torch.arange(CELLS), indexing="ij")
    where: list[tuple[int, int, int]] = []
    wanted: list[tuple[float, ...]] = []
    for i, found in enumerate(palms):
        for x, y, up_x, up_y in found:
            at_x, at_y = (x + 0.5) / STRIDE - 0.5, (y + 0.5) / STRIDE - 0.5
            away = (cell_x - at_x) ** 2 + (cell_y - at_y) ** 2
            target[i] = torch.maximum(target[i], torch.exp(-away / 0.9))
            for row, column in torch.nonzero(away < 1.2).tolist():
                where.append((i, row, column))
                wanted.append((up_x / LENGTH_UNIT, up_y / LENGTH_UNIT, at_x - column, at_y - row))
    logit = seen.grid[:, 0]
    raw = functional.binary_cross_entropy_with_logits(logit, target, reduction="none")
    centre = (raw * (torch.sigmoid(logit) - target).abs() ** 1.5).sum() / count
    picked = torch.tensor(where)
    values = torch.tensor(wanted)
    at = seen.grid[picked[:, 0], :, picked[:, 1], picked[:, 2]]
    vector = functional.smooth_l1_loss(at[:, 1:3], values[:, 0:2], beta=0.1)
    offset = functional.smooth_l1_loss(at[:, 3:5], values[:, 2:4], beta=0.3)
    has_hand = torch.tensor([1.0 if found else 0.0 for found in palms])
    gate = functional.binary_cross_entropy_with_logits(seen.hand, has_hand)
    turned = functional.binary_cross_entropy_with_logits(seen.inverted, inverted, weight=has_hand)
    return centre * 2.0 + vector * 3 + offset + gate + 0.3 * turned
