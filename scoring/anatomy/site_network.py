"""The second look, at one hand in the canonical frame: a heatmap for every landmark (MONAI UNet)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from scoring.anatomy.landmarks import LANDMARKS
from scoring.networks.monai_start import UNet

STRIDE: Final = 2
_NEAR: Final = 2
"""The centre is the mean place within this many heatmap pixels of the highest one."""


class SiteNetwork(nn.Module):
    """(n, 2, 160, 128) -> (n, 28, 80, 64) logits, one plane per landmark, every plane pixel ``STRIDE`` view pixels.

    The whole resolution is looked at once, by the stem; the U-Net works on the half, which is four times quicker and
    loses nothing: the place is read between the pixels.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(2, 24, 5, STRIDE, 2, bias=False), nn.BatchNorm2d(24), nn.LeakyReLU(0.1, inplace=True)
        )
        self.heatmaps = UNet(
            spatial_dims=2,
            in_channels=24,
            out_channels=len(LANDMARKS),
            channels=(40, 64, 96, 128),
            strides=(2, 2, 2),
            num_res_units=0,
            norm="batch",
        )

    def forward(self, views: Tensor) -> Tensor:
        """Views as ``film_view.contrast`` makes them."""
        logits: Tensor = self.heatmaps(self.stem(views))
        return logits


@dataclass(frozen=True)
class Peaks:
    """Places (n, 28, 2) in view pixels, and the share (n, 28) of each heatmap's weight that lies near its place."""

    places: Tensor
    weights: Tensor


def peaks(logits: Tensor) -> Peaks:
    """Read heatmaps: the mean place around each maximum, so that centres are not tied to whole pixels."""
    count, planes, rows, columns = logits.shape
    chance = functional.softmax(logits.flatten(2), 2).view(count, planes, rows, columns)
    top = chance.flatten(2).argmax(2)
    top_y, top_x = torch.div(top, columns, rounding_mode="floor"), top % columns
    y = torch.arange(rows).view(1, 1, rows, 1)
    x = torch.arange(columns).view(1, 1, 1, columns)
    near = ((y - top_y[..., None, None]).abs() <= _NEAR) & ((x - top_x[..., None, None]).abs() <= _NEAR)
    kept = chance * near
    weight = kept.sum((2, 3))
    place_x = (kept * x).sum((2, 3)) / weight
    place_y = (kept * y).sum((2, 3)) / weight
    return Peaks(torch.stack([place_x, place_y], 2) * STRIDE + (STRIDE - 1) / 2, weight)
