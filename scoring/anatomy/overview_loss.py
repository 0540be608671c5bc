"""What it costs the overview network to be wrong about palms, about a hand at all, and about which is bright."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from scoring.anatomy.overview_network import CELLS, LENGTH_UNIT, STRIDE, Overview
from scoring.learning.batch_stream import Batch

_SPREAD: Final = 0.9
"""Of the target around a palm's centre, in cells squared."""
_NEAR: Final = 1.2
"""Cells whose middle is so near a centre, in cells squared, say vector and offset."""
_GAMMA: Final = 1.5


def overview_loss(network: nn.Module, batch: Batch) -> Tensor:
    """Focal loss for the centres; near each the vector and the offset; for the whole picture hand and inversion."""
    seen: Overview = network(batch["views"])
    grid, palms = seen.grid.float(), batch["palms"]
    has_hand = palms[..., 0].isfinite().any(1).float()
    gate = functional.binary_cross_entropy_with_logits(seen.hand.float(), has_hand)
    turned = functional.binary_cross_entropy_with_logits(seen.inverted.float(), batch["inverted"], weight=has_hand)
    return _palm_loss(grid, palms) + gate + 0.3 * turned


def _palm_loss(grid: Tensor, palms: Tensor) -> Tensor:
    """Grid (n, 5, 16, 16) against palms (n, 2, 4), NaN where there is none."""
    cells = torch.arange(CELLS, device=grid.device)
    off = ((palms[..., :2] + 0.5) / STRIDE - 0.5)[..., None] - cells  # (n, 2, x and y, cells)
    away = off[:, :, 1, :, None] ** 2 + off[:, :, 0, None, :] ** 2  # NaN is near nothing
    wanted = torch.exp(-away / _SPREAD).nan_to_num(0.0).amax(1)
    raw = functional.binary_cross_entropy_with_logits(grid[:, 0], wanted, reduction="none")
    centre = (raw * (torch.sigmoid(grid[:, 0]) - wanted).abs() ** _GAMMA).sum() / len(palms)
    view, palm, row, column = torch.nonzero(away < _NEAR, as_tuple=True)
    said = grid[view, :, row, column]
    offsets = torch.stack([off[view, palm, 0, column], off[view, palm, 1, row]], 1)
    vector = functional.smooth_l1_loss(said[:, 1:3], palms[view, palm, 2:] / LENGTH_UNIT, beta=0.1)
    offset = functional.smooth_l1_loss(said[:, 3:5], offsets, beta=0.3)
    return centre * 2.0 + vector * 3 + offset
