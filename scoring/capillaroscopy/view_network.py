"""The network that tells a nailfold under a lens from any other picture, and the square view that it looks at."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor, nn

from scoring.capillaroscopy.sharpness import Pixels

SIDE: Final = 144
"""Pixels of the square; of a lens of 200 times each shows about 7 micrometres."""
_BREADTHS: Final = (3, 24, 32, 48, 64, 96)


class ViewNetwork(nn.Module):
    """Five convolutions, each halving the picture; the mean and the strongest of what is left decide."""

    def __init__(self) -> None:
        super().__init__()
        blocks = [_block(a, b) for a, b in pairwise(_BREADTHS)]
        self.look = nn.Sequential(*blocks)
        self.decide = nn.Sequential(nn.Dropout(0.2), nn.Linear(2 * _BREADTHS[-1], 1))

    def forward(self, views: Tensor) -> Tensor:
        """Views (n, 3, 144, 144), 0..1, to logits (n,): above 0 rather a nailfold."""
        seen = self.look(2 * views - 1)
        logits: Tensor = self.decide(torch.cat((seen.mean((2, 3)), seen.amax((2, 3))), dim=1))
        return logits[:, 0]


def _block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.1, inplace=True)
    )


def square_view(pixels: Pixels, side: int = SIDE) -> npt.NDArray[np.uint8]:
    """The square in the middle of an upright picture, (side, side, 3), each pixel the mean of what it covers."""
    short = min(pixels.shape[:2])
    top, left = ((n - short) // 2 for n in pixels.shape[:2])
    step = max(1, short // (4 * side))  # a coarse grid first: twelve megapixels need no mean of every one
    square = pixels[top : top + short : step, left : left + short : step]
    whole = square if square.dtype == np.uint8 else np.asarray(np.clip(255 * square, 0, 255), np.uint8)
    return np.asarray(Image.fromarray(np.ascontiguousarray(whole)).resize((side, side), Image.Resampling.BOX))
