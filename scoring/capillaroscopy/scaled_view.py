"""A picture as the network sees it: four micrometres of skin to a pixel, whatever the camera, in its own contrast."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from scoring.capillaroscopy.capillary_network import MULTIPLE, UM_PER_PX
from scoring.capillaroscopy.sharpness import Pixels

_KEPT: Final = 3
"""Of a camera with far finer pixels so many to one of the view are looked at, in each direction: focus is coarser."""
_ONE_WORD_PX: Final = 15
"""Gaps between what is hidden that are narrower than this are hidden too: between letters nobody finds a capillary."""
_DARK: Final = 0.08
"""What is darker in every channel is the border of the lens."""
_LEAST_SPREAD: Final = 0.02


def scaled_view(pixels: Pixels, um_per_px: float) -> Tensor:
    """(1, 3, rows, columns), 0..1, ``UM_PER_PX`` to a pixel; at least one pixel each way."""
    finer = UM_PER_PX / um_per_px
    size = tuple(max(1, round(length / finer)) for length in pixels.shape[:2])
    step = max(1, math.floor(finer / _KEPT))
    # the middle of each group of pixels, so that places stay where they are
    thinned = np.array(pixels[step // 2 :: step, step // 2 :: step])
    view = torch.from_numpy(thinned).permute(2, 0, 1)[None].float()
    if pixels.dtype == np.uint8:
        view = view / 255
    return functional.interpolate(view, size, mode="bilinear", antialias=True, align_corners=False)


def hidden_view(hidden: npt.NDArray[np.bool_], shape: tuple[int, int]) -> Tensor:
    """(rows, columns) of a view of this shape: what of it is hidden, letters of a word as one."""
    seen = functional.adaptive_max_pool2d(torch.from_numpy(hidden)[None, None].float(), shape)
    wide = functional.max_pool2d(seen, _ONE_WORD_PX, 1, _ONE_WORD_PX // 2)
    return -functional.max_pool2d(-wide, _ONE_WORD_PX, 1, _ONE_WORD_PX // 2)[0, 0] > 0


def contrast(views: Tensor) -> Tensor:
    """(n, 3, rows, columns) 0..1 -> each channel of each view with mean 0 and spread 1 over the bright field.

    Skin of any tone under any lamp comes out alike; a capillary stays a dark, red line.
    """
    bright = (views.amax(1, keepdim=True) > _DARK).float()
    count = bright.sum((2, 3), keepdim=True).clamp_min(1.0)
    mean = (views * bright).sum((2, 3), keepdim=True) / count
    spread = (((views - mean) ** 2 * bright).sum((2, 3), keepdim=True) / count).sqrt()
    return ((views - mean) / spread.clamp_min(_LEAST_SPREAD)).clamp(-4, 4)


def padded(view: Tensor) -> Tensor:
    """Mirrored at its right and lower edge up to what the network takes."""
    rows, columns = view.shape[2:]
    return functional.pad(view, (0, -columns % MULTIPLE, 0, -rows % MULTIPLE), mode="reflect")
