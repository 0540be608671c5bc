"""The first look at a whole picture: is it a hand radiograph, where are the hands, which way up, how large."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

VIEW: Final = 128
"""The picture is letterboxed into a square of this many pixels."""
STRIDE: Final = 8
CELLS: Final = VIEW // STRIDE
LENGTH_UNIT: Final = 32.0
"""Palm vectors are learnt in units of this many view pixels."""


def _block(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.1, inplace=True)
    )


@dataclass(frozen=True)
class Overview:
    """What the network says of n views.

    ``grid`` (n, 5, 16, 16): palm-centre logit, palm vector x and y, the centre's offset from the cell x and y (cells).
    ``hand`` and ``inverted`` (n,) are logits of the whole picture.
    """

    grid: Tensor
    hand: Tensor
    inverted: Tensor


class OverviewNetwork(nn.Module):
    """A small convolutional pyramid: down to 4 x 4 cells for the whole, back up to 16 x 16 for each hand."""

    def __init__(self) -> None:
        super().__init__()
        self.to_eighth = nn.Sequential(_block(2, 16, 2), _block(16, 32, 2), _block(32, 48, 2), _block(48, 48))
        self.to_sixteenth = nn.Sequential(_block(48, 80, 2), _block(80, 80))
        self.to_thirtysecond = nn.Sequential(_block(80, 128, 2), _block(128, 128), _block(128, 96))
        self.from_thirtysecond = _block(96 + 80, 80)
        self.from_sixteenth = _block(80 + 48, 64)
        self.cells = nn.Conv2d(64, 5, 1)
        self.whole = nn.Sequential(nn.Linear(96 * 2, 48), nn.LeakyReLU(0.1), nn.Linear(48, 2))
        self.larger = nn.Upsample(scale_factor=2.0, mode="nearest")

    def forward(self, views: Tensor) -> Overview:
        """Views (n, 2, 128, 128) as ``film_view.contrast`` makes them."""
        eighth = self.to_eighth(views)
        sixteenth = self.to_sixteenth(eighth)
        deepest = self.to_thirtysecond(sixteenth)
        middle = self.from_thirtysecond(torch.cat([self.larger(deepest), sixteenth], 1))
        grid = self.cells(self.from_sixteenth(torch.cat([self.larger(middle), eighth], 1)))
        whole = self.whole(torch.cat([deepest.mean((2, 3)), deepest.amax((2, 3))], 1))
        return Overview(grid, whole[:, 0], whole[:, 1])
