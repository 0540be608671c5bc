"""Grad-CAM: where a network looked for a number that it says (Selvaraju et al. 2017, https://arxiv.org/abs/1610.02391)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional


def grad_cam(number: Tensor, features: Tensor, shape: Sequence[int]) -> Tensor:
    """(n, rows, columns) of ``shape``, 0 and above: how much each place of ``features`` raised ``number``.

    ``number`` (n,) was computed of ``features`` (n, channels, rows, columns), row by row and with gradients on; the
    gradients of no weight are touched. Brought to ``shape`` between the places of the map.
    """
    [gradient] = torch.autograd.grad(number.sum(), features)
    weights = gradient.flatten(2).mean(2)[..., None, None]
    heat = functional.relu((weights * features).sum(1, keepdim=True)).detach()
    return functional.interpolate(heat, tuple(shape), mode="bilinear", align_corners=False)[:, 0]
