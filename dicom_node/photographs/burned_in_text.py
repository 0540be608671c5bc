"""Does a picture look as if somebody had written on it: letters of one height and one colour on one line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import find_objects, label

_LONGEST: Final = 1600
"""Larger pictures are looked at smaller; letters of a thousandth of the picture are missed anyway."""
_LEAST_LETTERS: Final = 5
_HEIGHTS: Final = (7, 120)
_MOST_COMPONENTS: Final = 4000


@dataclass(frozen=True, slots=True)
class _Letter:
    left: int
    bottom: int
    width: int
    height: int


def looks_written_on(image: Image.Image) -> bool:
    """Five letters in a row, in white, black or a signal colour, across or down: overlays, not handwriting."""
    small = _eight_bits(image).convert("RGB")
    small.thumbnail((_LONGEST, _LONGEST), Image.Resampling.BOX)
    values = np.asarray(small)
    return any(_has_line_of_letters(way) for mask in _pure_colours(values) for way in (mask, mask.T))


def _eight_bits(image: Image.Image) -> Image.Image:
    """A film of up to 16 bits in 8, its brightest grey 255: overlays are as bright as a film can be."""
    if not image.mode.startswith("I"):
        return image
    values = np.asarray(image, np.float32)
    return Image.fromarray((values * (255 / max(1.0, float(values.max())))).astype(np.uint8))


def _pure_colours(values: npt.NDArray[np.uint8]) -> Iterator[npt.NDArray[np.bool_]]:
    high, low = values > 215, values < 40
    red, green, blue = (high[..., n] for n in range(3))
    yield red & green & blue
    yield np.asarray(low.all(axis=-1), np.bool_)
    yield red & green & (values[..., 2] < 110)
    yield (red | green) & low[..., 2] & ~(red & green)


def _has_line_of_letters(mask: npt.NDArray[np.bool_]) -> bool:
    marked, number = label(mask, structure=np.ones((3, 3)))
    if number > _MOST_COMPONENTS:
        return False
    letters = [letter for place in find_objects(marked) if (letter := _letter(mask, place)) is not None]
    letters.sort(key=lambda letter: letter.left)
    return any(_line_from(letters, first) >= _LEAST_LETTERS for first in range(len(letters)))


def _letter(mask: npt.NDArray[np.bool_], place: tuple[slice, slice]) -> _Letter | None:
    height, width = (part.stop - part.start for part in place)
    if not (_HEIGHTS[0] <= height <= _HEIGHTS[1] and 0.08 * height <= width <= 1.4 * height):
        return None
    filled = mask[place].mean()
    return _Letter(place[1].start, place[0].stop, width, height) if filled > 0.12 else None


def _line_from(letters: list[_Letter], first: int) -> int:
    """How many letters stand beside each other from this one on, as high as it and as low."""
    last, count = letters[first], 1
    for letter in letters[first + 1 :]:
        gap = letter.left - (last.left + last.width)
        if gap > 0.9 * last.height:
            break
        alike = abs(letter.height - last.height) <= max(1, 0.12 * last.height)
        level = abs(letter.bottom - last.bottom) <= max(1, 0.12 * last.height)
        if alike and level and gap >= 0:
            last, count = letter, count + 1
    return count
