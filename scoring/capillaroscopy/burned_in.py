"""What software drew over a picture: names, dates, scale bars, arrows. Found without learning, and taken out.

Two things tell such ink from skin, blood, hair and shine. Skin and blood are redder than they are green or blue, and
never as red as a screen's red. And a lens blurs: what is white or black by nature has slopes, what software drew has
razor edges.
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

_INK: Final = 230
"""White ink is brighter in every channel; black ink is as far from white."""
_SKIN: Final = 210
"""What is darker, two pixels away from white ink; around a lamp's shine it is not."""
_ALL_AROUND: Final = 0.9
"""Share of the pixels around a word of which this must be true."""
_AT_ONCE: Final = 0.9
"""Share of the fall from ink to the skin four pixels away that lies within the first two."""
_LEAST: Final = 10
"""Pixels of one word; grain has fewer."""
_LEAST_IN_ALL: Final = 40
_NEIGHBOURHOODS: Final = (7, 19, 55, 163)
"""Pixels across; what lies under ink is guessed from the smallest that shows enough skin."""
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
    ink = _ink(pixels)
    return CleanPicture(pixels, None) if ink is None else CleanPicture(_filled(pixels, ink), ink)


def _ink(pixels: Pixels) -> Mask | None:
    """(rows, columns): ink with the pixels that it shines into."""
    red, green, blue = (_plane(pixels[..., n]) for n in range(3))
    low, high = np.minimum(np.minimum(red, green), blue), np.maximum(np.maximum(red, green), blue)
    found = _signal_colours(red, green, blue) | _razor_edged(low) | _razor_edged(255 - high, at_border=False)
    return _wider(_wider(found)) if np.count_nonzero(found) >= _LEAST_IN_ALL else None


def _filled(pixels: Pixels, ink: Mask) -> Pixels:
    """The mean of the skin around in the place of ink; ink stays where there is no skin near."""
    filled, missing = pixels.copy(), ink.copy()
    for across in _NEIGHBOURHOODS:
        seen = ndimage.uniform_filter((~ink).astype(np.float32), across)
        here = missing & (seen > _ENOUGH)
        for n in range(3):
            mean = ndimage.uniform_filter(np.where(ink, 0, pixels[..., n]).astype(np.float32), across)
            filled[..., n][here] = mean[here] / seen[here]
        missing &= ~here
        if not missing.any():
            break
    return filled


def _plane(channel: Pixels) -> Plane:
    return channel.astype(np.int16) if channel.dtype == np.uint8 else np.rint(255 * channel).astype(np.int16)


def _signal_colours(red: Plane, green: Plane, blue: Plane) -> Mask:
    """Green, cyan, blue, yellow, orange, magenta, and the red of screens.

    Drawn nailfolds of all tones and lamps reach a third of each limit, and four fifths of that of red.
    """
    coloured = (green - red > 45) | (blue - red > 45) | (np.minimum(red, green) - blue > 100)
    coloured |= (np.minimum(red, blue) - green > 50) & (blue - green > 50)
    return np.asarray(coloured | (red - np.maximum(green, blue) > 165))


def _razor_edged(brightness: Plane, *, at_border: bool = True) -> Mask:
    """Strokes of the brightest pixels with skin all around, two pixels away and no darker farther on, word by word.

    Not ``at_border``: none that reaches the edge of the picture, as the dark around the field of a lens does.
    """
    bright = brightness > _INK
    one = _wider(bright)
    two = _wider(one)
    rim = two & ~one
    skin = rim & (brightness < _SKIN)
    if np.count_nonzero(skin) < _LEAST:
        return np.zeros(brightness.shape, np.bool_)
    three = _wider(two)
    four = _wider(three)
    marked, number = ndimage.label(four, _EIGHT)
    strokes, around, of_skin = (np.bincount(marked[mask], minlength=number + 1) for mask in (bright, rim, skin))
    fall, whole_fall = (_mean_fall(brightness, marked, number, mask) for mask in (rim, four & ~three))
    is_ink = (strokes >= _LEAST) & (of_skin >= _ALL_AROUND * around) & (fall >= _AT_ONCE * whole_fall)
    if not at_border:
        for edge in (marked[0], marked[-1], marked[:, 0], marked[:, -1]):
            is_ink[edge] = False
    return np.asarray(is_ink[marked] & bright)


def _mean_fall(brightness: Plane, marked: npt.NDArray[np.int32], number: int, where: Mask) -> npt.NDArray[np.float64]:
    """(number + 1,): how much darker than white those pixels of each mark are."""
    marks = marked[where]
    count = np.bincount(marks, minlength=number + 1)
    return np.asarray(np.bincount(marks, 255 - brightness[where], number + 1) / np.maximum(count, 1))


def _wider(mask: Mask) -> Mask:
    """By one pixel in all eight directions."""
    across = mask.copy()
    across[:, 1:] |= mask[:, :-1]
    across[:, :-1] |= mask[:, 1:]
    wider = across.copy()
    wider[1:] |= across[:-1]
    wider[:-1] |= across[1:]
    return wider
