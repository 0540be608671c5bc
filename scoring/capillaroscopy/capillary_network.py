"""The network that finds capillaries: for every place of a picture, whether an apex, how wide, whether on the row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from scoring.networks.monai_start import UNet
from scoring.score_rules.nailfold_labels import GIANT_ABOVE_UM

UM_PER_PX: Final = 4.0
"""The network sees every picture at this scale: a normal capillary is three to four of its pixels wide."""
MULTIPLE: Final = 16
"""Rows and columns of what it sees are multiples of this: it halves them four times."""
BAND_UM: Final = 80.0
"""Breadth of the band along the distal row whose area, divided by it, is the row's length."""
_CHANNELS: Final = (16, 32, 48, 64, 96)
_EVEN: Final = 0.5
_RARE: Final = 5.0
"""Taken from every logit of an apex, so that learning begins where there is hardly one."""


@dataclass(frozen=True)
class NailfoldMaps:
    """Logits and values for n views.

    ``apex`` (n, rows, columns): logit of the tip of a capillary of the distal row. ``log_width``: ln of the apical
    diameter over that of the smallest giant, true near an apex. ``row``: logit of lying on the row, in sight.
    ``blurry`` (n,): logit of the whole picture being too blurry.
    """

    apex: Tensor
    log_width: Tensor
    row: Tensor
    blurry: Tensor


class CapillaryNetwork(nn.Module):
    """MONAI's U-Net of 0.3 million parameters; its view of the whole row comes from the four halvings.

    ``least_certainty`` (scalar): what is less surely an apex is not counted; chosen after learning, kept with it.
    """

    least_certainty: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("least_certainty", torch.tensor(_EVEN))
        self.maps = UNet(
            spatial_dims=2,
            in_channels=3,
            out_channels=4,
            channels=_CHANNELS,
            strides=(2,) * (len(_CHANNELS) - 1),
            num_res_units=1,
            norm="batch",
        )

    def forward(self, views: Tensor) -> NailfoldMaps:
        """Views (n, 3, rows, columns) as ``scaled_view.contrast`` makes them, in multiples of ``MULTIPLE``."""
        apex, log_width, row, blurry = torch.unbind(self.maps(views), 1)
        return NailfoldMaps(apex - _RARE, log_width, row, blurry.mean((1, 2)))


def width_um(log_width: Tensor) -> Tensor:
    """Apical diameters in micrometres."""
    return GIANT_ABOVE_UM * torch.exp(log_width)


def log_width_of(diameter_um: Tensor) -> Tensor:
    """What the network learns of a diameter in micrometres."""
    return torch.log(diameter_um / GIANT_ABOVE_UM)
