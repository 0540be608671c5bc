"""Where software drew over a picture: names, dates, scale bars, arrows. Found without learning.

Ink tells itself from skin, blood, hair, shine and the colours of lamps by its edges. A lens blurs: what is white, black
or of another hue than its surroundings by nature has slopes, or is broad; what software drew is narrow, and a few
pixels away all around there is skin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from scoring.capillaroscopy.sharpness import Pixels

Mask = npt.NDArray[np.bool_]
Plane = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class _Kind:
    """Ink is higher than ``ink``, all around it is lower than ``skin``, ``away`` pixels away."""

    ink: int
    skin: int
    away: int
    at_border: bool = True
    """False: none that reaches the edge of the picture, as the dark around the field of a lens does."""
    narrow: bool = False


_WHITE: Final = _Kind(ink=230, skin=210, away=2)
_BLACK: Final = _Kind(ink=230, skin=210, away=2, at_border=False)
_COLOURED: Final = _Kind(ink=110, skin=60, away=3, narrow=True)
"""JPEG keeps colours at every second pixel only: their edges are softer."""
_ALL_AROUND: Final = 0.9
"""Share of the pixels around a word of which this must be true."""
_AT_ONCE: Final = 0.9
"""Share of the fall from ink to the skin two pixels farther on that lies before that."""
_LEAST: Final = 50
"""Pixels of one word; specks of shine have fewer."""
_BROAD: Final = 13
"""Pixels across, in both directions, that no stroke has."""
_BLOCK: Final = 64
_EVERY: Final = 4
"""The usual hue is the median of blocks of so many pixels, of which every fourth is looked at, both ways."""
_REACH: Final = 6
"""Pixels around a word that are looked at."""
_EIGHT: Final = np.ones((3, 3), np.bool_)


def burned_in_ink(pixels: Pixels) -> Mask | None:
    """(rows, columns): ink with the pixels that it shines into; None where there is none."""
    red, green, blue = (_plane(pixels[..., n]) for n in range(3))
    low, high = np.minimum(np.minimum(red, green), blue), np.maximum(np.maximum(red, green), blue)
    found = _words(low, _WHITE) | _words(255 - high, _BLACK) | _words(_strangeness(red, green, blue), _COLOURED)
    return _wider(_wider(found)) if found.any() else None


def _plane(channel: Pixels) -> Plane:
    return channel.astype(np.int16) if channel.dtype == np.uint8 else np.rint(255 * channel).astype(np.int16)


def _strangeness(red: Plane, green: Plane, blue: Plane) -> Plane:
    """0..255: how much greener, bluer, more magenta, or more yellow or red than is usual around.

    White balance and lamp change what is usual; on drawn nailfolds blood reaches 0.
    """
    strange = np.zeros(red.shape, np.int16)
    for hue in (green - red, blue - red, np.minimum(red, blue) - green, red - blue):
        np.maximum(strange, hue - _usual(hue), out=strange)
    return np.minimum(strange, 255)


def _usual(hue: Plane) -> Plane:
    """(rows, columns): the median of each block."""
    seen = hue[::_EVERY, ::_EVERY].astype(np.float32)
    size = _BLOCK // _EVERY
    rows, columns = (-length % size for length in seen.shape)
    blocks = np.pad(seen, ((0, rows), (0, columns)), constant_values=np.nan)
    blocks = blocks.reshape(blocks.shape[0] // size, size, blocks.shape[1] // size, size).swapaxes(1, 2)
    median = np.nanmedian(blocks.reshape(*blocks.shape[:2], -1), axis=2).astype(np.int16)
    return median.repeat(_BLOCK, 0).repeat(_BLOCK, 1)[: hue.shape[0], : hue.shape[1]]


def _words(plane: Plane, kind: _Kind) -> Mask:
    """Strokes of the highest pixels with much lower ones all around, word by word."""
    bright = plane > kind.ink
    found = np.zeros(plane.shape, np.bool_)
    if np.count_nonzero(bright) >= _LEAST:
        part = _around(np.logical_or.reduce(bright, axis=1)), _around(np.logical_or.reduce(bright, axis=0))
        found[part] = _words_among(bright[part], plane[part], kind)
    return found


def _around(used: npt.NDArray[np.bool_]) -> slice:
    """From the first to the last that is used, and so far beyond as a word's surroundings reach."""
    first, last = np.flatnonzero(used)[[0, -1]].tolist()
    return slice(max(0, first - _REACH), last + 1 + _REACH)


def _words_among(bright: Mask, plane: Plane, kind: _Kind) -> Mask:
    """Those of the ``bright`` strokes whose surroundings are as ink's."""
    wider = [bright]
    for _ in range(kind.away + 2):
        wider.append(_wider(wider[-1]))
    rim, beyond = wider[kind.away] & ~wider[kind.away - 1], wider[-1] & ~wider[-2]
    skin = rim & (plane < kind.skin)
    if np.count_nonzero(skin) < _LEAST:
        return np.zeros(plane.shape, np.bool_)
    marked, number = ndimage.label(wider[-1], _EIGHT)
    strokes, around, of_skin = (np.bincount(marked[mask], minlength=number + 1) for mask in (bright, rim, skin))
    fall, whole_fall = (_mean_fall(plane, marked, number, mask) for mask in (rim, beyond))
    is_ink = (strokes >= _LEAST) & (of_skin >= _ALL_AROUND * around) & (fall >= _AT_ONCE * whole_fall)
    if not kind.at_border:
        for edge in (marked[0], marked[-1], marked[:, 0], marked[:, -1]):
            is_ink[edge] = False
    if kind.narrow:
        is_ink[marked[ndimage.minimum_filter(bright, _BROAD, mode="constant")]] = False
    return np.asarray(is_ink[marked] & bright)


def _mean_fall(plane: Plane, marked: npt.NDArray[np.int32], number: int, where: Mask) -> npt.NDArray[np.float64]:
    """(number + 1,): how much lower than the highest those pixels of each mark are."""
    marks = marked[where]
    count = np.bincount(marks, minlength=number + 1)
    return np.asarray(np.bincount(marks, 255 - plane[where], number + 1) / np.maximum(count, 1))


def _wider(mask: Mask) -> Mask:
    """By one pixel in all eight directions."""
    across = mask.copy()
    across[:, 1:] |= mask[:, :-1]
    across[:, :-1] |= mask[:, 1:]
    wider = across.copy()
    wider[1:] |= across[:-1]
    wider[:-1] |= across[1:]
    return wider
