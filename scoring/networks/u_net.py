"""MONAI's U-Net for pictures, from torch alone: the same layers under the same names, so the same weights fit.

Importing MONAI loads 1,200 modules, which costs every scoring process three seconds of its start and 90 MB; this is the
part of it that the networks here are built of. A test holds it to MONAI's own, bit for bit.

Kerfoot et al. 2018, https://doi.org/10.1007/978-3-030-12029-0_40; MONAI is Apache-2.0.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn

_STEP: Final = 2
"""Each level sees half the rows and columns of the one above."""


class UNet(nn.Module):
    """(n, ``inside``, rows, columns) -> (n, ``outside``, rows, columns), both in multiples of 2 to the number of steps.

    ``channels``: of each level, the finest first. ``residual``: every level learns what it adds to what it is given.
    """

    def __init__(self, inside: int, outside: int, channels: Sequence[int], *, residual: bool = False) -> None:
        super().__init__()
        self.model = _level(inside, outside, channels, residual, top=True)

    def forward(self, views: Tensor) -> Tensor:
        seen: Tensor = self.model(views)
        return seen


def _level(inside: int, outside: int, channels: Sequence[int], residual: bool, *, top: bool) -> nn.Sequential:
    """Down, whatever lies below with a way around it, and up again."""
    width, *deeper = channels
    below: nn.Module
    if len(deeper) > 1:
        below, comes_back = _level(width, width, deeper, residual, top=False), width
    else:
        below, comes_back = _down(width, deeper[0], 1, residual), deeper[0]
    down = _down(inside, width, _STEP, residual)
    return nn.Sequential(down, _WithWayAround(below), _up(width + comes_back, outside, residual, top))


def _down(inside: int, outside: int, stride: int, residual: bool) -> nn.Module:
    return _Residual(inside, outside, stride) if residual else _block(nn.Conv2d(inside, outside, 3, stride, 1))


def _up(inside: int, outside: int, residual: bool, top: bool) -> nn.Module:
    """What leaves the top is neither normalised nor bent: it is the answer."""
    wider = nn.ConvTranspose2d(inside, outside, 3, _STEP, 1, output_padding=_STEP - 1)
    if residual:
        return nn.Sequential(_block(wider), _Residual(outside, outside, 1, bare=top))
    return _block(wider, bare=top)


def _block(convolution: nn.Conv2d | nn.ConvTranspose2d, *, bare: bool = False) -> nn.Sequential:
    """A convolution, then its channels normalised (N) and bent (A), unless it is ``bare``."""
    parts = OrderedDict[str, nn.Module](conv=convolution)
    if not bare:
        parts["adn"] = nn.Sequential(OrderedDict(N=nn.BatchNorm2d(convolution.out_channels), A=nn.PReLU()))
    return nn.Sequential(parts)


class _Residual(nn.Module):
    """A block beside the way straight on, which is a convolution where size or channels change; their sum."""

    def __init__(self, inside: int, outside: int, stride: int, *, bare: bool = False) -> None:
        super().__init__()
        block = _block(nn.Conv2d(inside, outside, 3, stride, 1), bare=bare)
        self.conv = nn.Sequential(OrderedDict(unit0=block))
        self.residual: nn.Module = nn.Identity()
        if stride != 1:
            self.residual = nn.Conv2d(inside, outside, 3, stride, 1)
        elif inside != outside:
            self.residual = nn.Conv2d(inside, outside, 1)

    def forward(self, views: Tensor) -> Tensor:
        straight: Tensor = self.residual(views)
        bent: Tensor = self.conv(views)
        return bent + straight


class _WithWayAround(nn.Module):
    """What a level is given, beside what comes back from below it."""

    def __init__(self, below: nn.Module) -> None:
        super().__init__()
        self.submodule = below

    def forward(self, views: Tensor) -> Tensor:
        return torch.cat([views, self.submodule(views)], 1)
