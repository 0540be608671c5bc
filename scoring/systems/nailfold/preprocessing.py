"""What a network of this system sees of a photograph: all of it, in colour, at one size. Nothing is cut away.

The same functions serve training and scoring. A picture of other proportions is made to fit and stands on black.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

Photograph = npt.NDArray[np.uint8] | npt.NDArray[np.float32]
"""(rows, columns, 3), sRGB: uint8, or float32 0..1."""
View = npt.NDArray[np.uint8]
"""(rows, columns, 3) of a network's size."""

_MEAN: Final = (0.485, 0.456, 0.406)
_SPREAD: Final = (0.229, 0.224, 0.225)
"""Of the pictures that timm's backbones have learnt from (ImageNet), red, green, blue."""


def nailfold_view(photograph: Photograph, rows: int, columns: int) -> View:
    """The whole photograph at a network's size; each new pixel is the mean of those that it stands for."""
    whole = photograph if photograph.dtype == np.uint8 else np.rint(np.clip(photograph, 0, 1) * 255)
    picture = Image.fromarray(np.ascontiguousarray(whole, np.uint8))
    shrink = min(columns / picture.width, rows / picture.height)
    size = (max(1, round(picture.width * shrink)), max(1, round(picture.height * shrink)))
    view = Image.new("RGB", (columns, rows))
    view.paste(picture.resize(size, Image.Resampling.BOX), ((columns - size[0]) // 2, (rows - size[1]) // 2))
    return np.asarray(view)


def as_pictures(views: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """(n, rows, columns, 3) of 0..255 -> (n, 3, rows, columns) of 0..1, as networks take them."""
    return np.ascontiguousarray(views.transpose(0, 3, 1, 2), np.float32) / np.float32(255)


def normalised(pictures: Tensor) -> Tensor:
    """(n, 3, rows, columns) of 0..1 in units of the spread of photographs."""
    return (pictures - torch.tensor(_MEAN).view(3, 1, 1)) / torch.tensor(_SPREAD).view(3, 1, 1)
