"""What a network of this system sees of a film: one hand in the canonical pose, at one size and one contrast.

No joint is cut out. The pose is that of ``scoring.anatomy``: fingers up, thumb to the viewer's right, a right hand
mirrored, palms alike in place and size. The view holds everything that the method scores with room around it, from
the middle phalanges to the ends of radius and ulna. The same functions serve training and scoring.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from scoring.anatomy.film_view import Affine, compose, view

Grey = npt.NDArray[np.float32]
Views = npt.NDArray[np.uint8]

_MIDDLE: Final = (66.0, 82.0)
"""Of the view, in canonical pixels: half way between the outermost sites."""
_HEIGHT: Final = 116.0
"""Of the view, in canonical pixels; the sites of a thousand phantoms spread over 90."""
_COLUMNS_OF_ROWS: Final = 15 / 16
_STEP: Final = 16
_MARGIN_OF_ROWS: Final = 1 / 16
_WINDOW_OF_ROWS: Final = 0.16
"""Edge of the square whose mean and spread every pixel is measured by: about three finger widths."""
WIDEST: Final = 3.0
"""The normalised greys end here."""
_BLOCK: Final = 4
_LEAST_SPREAD: Final = 8.0
"""Added to the local spread, in 1/255 of a view's range: flat film stays flat."""
_PALM_PIXELS: Final = 384
_ENDS: Final = (0.5, 99.5)
"""Percentiles of a view that become 0 and 255."""


def view_shape(pixels: int) -> tuple[int, int]:
    """Rows and columns of a view whose longer edge has so many pixels."""
    return pixels, round(pixels * _COLUMNS_OF_ROWS / _STEP) * _STEP


def margin_of(pixels: int) -> int:
    """Room around the views that are learnt from, into which augmentation may move."""
    return round(pixels * _MARGIN_OF_ROWS)


def view_affine(to_film: Affine, pixels: int, margin: int = 0) -> Affine:
    """View pixels -> film, from canonical pixels -> film (``FoundHand.to_source``)."""
    rows, columns = view_shape(pixels)
    scale = _HEIGHT / rows
    left = _MIDDLE[0] - scale * (margin + (columns - 1) / 2)
    top = _MIDDLE[1] - scale * (margin + (rows - 1) / 2)
    return compose(to_film, np.array([[scale, 0.0, left], [0.0, scale, top]]))


def hand_view(film: Grey, to_film: Affine, pixels: int, margin: int = 0) -> Views:
    """(rows + 2 margin, columns + 2 margin) of one hand; ``film`` with bone bright, its greys stretched to 0..255."""
    rows, columns = view_shape(pixels)
    seen = view(film, view_affine(to_film, pixels, margin), rows + 2 * margin, columns + 2 * margin)[0, 0].numpy()
    low, high = np.percentile(seen, _ENDS)
    return np.asarray(np.rint(np.clip((seen - low) / max(high - low, 1e-3), 0, 1) * 255), np.uint8)


def palm_and_wrist(film: Grey, to_film: Affine) -> Grey:
    """(1, rows, columns), 0..1: the middle of a hand as the film shows it, in steps of 0.36 mm in an adult.

    What quality is measured on: it holds bone and hardly any background.
    """
    rows, columns = view_shape(_PALM_PIXELS)
    seen = view(film, view_affine(to_film, _PALM_PIXELS), rows, columns)[0, 0].numpy()
    part = seen[round(0.30 * rows) : round(0.85 * rows), round(0.25 * columns) : round(0.75 * columns)]
    return np.asarray(part[None], np.float32)


def normalised(views: Tensor) -> Tensor:
    """(n, 1, rows, columns) of 0..255 -> the same in units of each pixel's own surroundings, -3..3."""
    near, power = _surroundings(torch.cat([views, views * views], 1)).chunk(2, 1)
    spread = (power - near * near).clamp_min(0).sqrt()
    return ((views - near) / (spread + _LEAST_SPREAD)).clamp(-WIDEST, WIDEST)


def _surroundings(views: Tensor) -> Tensor:
    """The mean over a square window, reckoned on blocks of pixels and by columns and rows: fast, and as smooth."""
    window = round(views.shape[2] * _WINDOW_OF_ROWS / _BLOCK) | 1
    blocks = functional.avg_pool2d(views, _BLOCK)
    columns = functional.avg_pool2d(blocks, (window, 1), 1, (window // 2, 0), count_include_pad=False)
    means = functional.avg_pool2d(columns, (1, window), 1, (0, window // 2), count_include_pad=False)
    return functional.interpolate(means, size=views.shape[2:], mode="bilinear", align_corners=False)
