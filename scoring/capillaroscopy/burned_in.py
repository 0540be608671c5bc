"""A picture without what software drew over it: skin as around it in the place of ink."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from scoring.capillaroscopy.burned_in_ink import Mask, burned_in_ink
from scoring.capillaroscopy.sharpness import Pixels

_NEIGHBOURHOODS: Final = (7, 19, 55)
"""Pixels across; what lies under ink is guessed from the smallest that shows enough skin."""
_MARGIN: Final = 28
_BLOCK: Final = 32
"""Ink less than a block apart is filled as one."""
_ENOUGH: Final = 0.1
_EIGHT: Final = np.ones((3, 3), np.bool_)


@dataclass(frozen=True)
class CleanPicture:
    """A picture without what was drawn over it. ``hidden`` (rows, columns): what that hides; None where nothing was."""

    pixels: Pixels
    hidden: Mask | None


def clean_picture(pixels: Pixels) -> CleanPicture:
    """The picture with skin as around it in the place of ink; the very same pixels where there is none.

    Meant for pictures of up to about a thousand pixels across, on which strokes are a few pixels broad.
    """
    ink = burned_in_ink(pixels)
    return CleanPicture(pixels, None) if ink is None else CleanPicture(_filled(pixels, ink), ink)


def _filled(pixels: Pixels, ink: Mask) -> Pixels:
    """The mean of the skin around in the place of ink, word by word."""
    filled = pixels.copy()
    for part in _words(ink):
        _fill(filled[part], ink[part])
    return filled


def _words(ink: Mask) -> Iterator[tuple[slice, slice]]:
    """Parts of the picture with ink in them and skin around it."""
    rows, columns = (np.arange(0, length, _BLOCK) for length in ink.shape)
    blocks = np.logical_or.reduceat(np.logical_or.reduceat(ink, rows, axis=0), columns, axis=1)
    for down, across in ndimage.find_objects(ndimage.label(blocks, _EIGHT)[0]):
        yield _with_margin(down), _with_margin(across)


def _with_margin(blocks: slice) -> slice:
    return slice(max(0, _BLOCK * blocks.start - _MARGIN), _BLOCK * blocks.stop + _MARGIN)


def _fill(part: Pixels, ink: Mask) -> None:
    """In place; where no neighbourhood shows enough skin, the mean of all that the part shows."""
    missing = ink.copy()
    if not ink.all():
        part[ink] = part[~ink].mean(axis=0)
    for across in _NEIGHBOURHOODS:
        seen = ndimage.uniform_filter((~ink).astype(np.float32), across)
        here = missing & (seen > _ENOUGH)
        for n in range(3):
            mean = ndimage.uniform_filter(np.where(ink, 0, part[..., n]).astype(np.float32), across)
            part[..., n][here] = mean[here] / seen[here]
        missing &= ~here
        if not missing.any():
            break
