"""Chance for training: what pose, film and localiser do to a crop. All draws come from one generator."""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Generator, Tensor
from torch.nn import functional

from scoring.systems.hand_joints.preprocessing import CROP, WINDOW, normalised

_TURN_DEGREES: Final = 15.0
_SCALE: Final = 0.12
_SHIFT_PX: Final = 3.0
"""Spread of the localiser's error on either axis, about 1.1 mm in an adult …"""
_FAR_SHIFT_PX: Final = 6.5
"""… and of one site in seven."""


def augmented(windows: Tensor, chance: Generator) -> Tensor:
    """Windows (n, WINDOW, WINDOW) -> crops (n, 1, CROP, CROP), posed and exposed anew, normalised as in scoring."""
    crops = _posed(windows[:, None], chance)
    crops = _exposed(crops, chance)
    return torch.from_numpy(normalised(crops[:, 0].numpy()))[:, None]


def _posed(windows: Tensor, chance: Generator) -> Tensor:
    count = len(windows)
    turn = (_uniform(chance, count) * _TURN_DEGREES * math.pi / 180).squeeze()
    size = torch.exp(_uniform(chance, count).squeeze() * _SCALE) * (CROP / WINDOW)
    far = torch.rand(count, 1, generator=chance) < 1 / 7
    spread = torch.where(far, _FAR_SHIFT_PX, _SHIFT_PX)
    shift = torch.randn(count, 2, generator=chance) * spread * (2 / WINDOW)
    cos, sin = torch.cos(turn) * size, torch.sin(turn) * size
    affine = torch.stack([torch.stack([cos, -sin, shift[:, 0]], 1), torch.stack([sin, cos, shift[:, 1]], 1)], 1)
    grid = functional.affine_grid(affine, [count, 1, CROP, CROP], align_corners=False)
    return functional.grid_sample(windows, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _exposed(crops: Tensor, chance: Generator) -> Tensor:
    count = len(crops)
    low, high = crops.amin((2, 3), keepdim=True), crops.amax((2, 3), keepdim=True)
    crops = (crops - low) / (high - low + 1e-4)
    crops = crops ** torch.exp(_uniform(chance, count) * 0.5)
    line = torch.linspace(-1, 1, CROP)
    slope = _uniform(chance, count) * line.view(1, 1, 1, -1) + _uniform(chance, count) * line.view(1, 1, -1, 1)
    crops = crops * (1 + 0.25 * slope)
    blurred = _smoothed(crops)
    crops = torch.lerp(crops, blurred, torch.rand(count, 1, 1, 1, generator=chance) ** 2)
    grain = torch.randn(crops.shape, generator=chance)
    grain = torch.lerp(grain, 2 * _smoothed(grain), torch.rand(count, 1, 1, 1, generator=chance))
    noisy = torch.rand(count, 1, 1, 1, generator=chance) < 0.6
    return crops + grain * noisy * 0.07 * torch.rand(count, 1, 1, 1, generator=chance)


def _smoothed(crops: Tensor) -> Tensor:
    """Blurred twice by the weights 1 2 1: a spread of one pixel, about 0.36 mm."""
    for _ in range(2):
        wide = functional.pad(crops, (1, 1, 1, 1), mode="replicate")
        wide = wide[..., :-2] + 2 * wide[..., 1:-1] + wide[..., 2:]
        crops = (wide[..., :-2, :] + 2 * wide[..., 1:-1, :] + wide[..., 2:, :]) / 16
    return crops


def _uniform(chance: Generator, count: int) -> Tensor:
    """(n, 1, 1, 1) from -1 to 1."""
    return torch.rand(count, 1, 1, 1, generator=chance) * 2 - 1
