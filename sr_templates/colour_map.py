"""Colours: the heat scale, and what says how damaged a site is. Both survive colour blindness and a grey printer."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

Colour = tuple[int, int, int]

_INFERNO: Final = (
    "000004 040312 0b0724 150b37 210c4a 2f0a5b 3d0965 4a0c6b 57106e 64156e 71196e 7d1e6d 8a226a 972766 a32c61 b0315b "
    "bc3754 c73e4c d24644 db503b e45a31 eb6628 f1731d f68013 f98e09 fb9d07 fcac11 fbbc21 f9cb35 f5db4c f2ea69 f3f68a "
    "fcffa4"
)
"""Every eighth entry of ``inferno`` (N. Smith and S. van der Walt, 2015, CC0): lightness rises evenly from 0 to 1."""

_FIRST_SHOWN: Final = 0.16
"""Heat below this share of the scale is transparent: there is nothing to say, and the bone must stay visible."""

_STRONGEST_OPACITY: Final = 0.68

UNDAMAGED: Final[Colour] = (112, 174, 252)
DAMAGE_COLOURS: Final[tuple[Colour, ...]] = ((247, 246, 172), (238, 160, 8), (242, 54, 104))
"""Lower, middle and upper third of a scale.

Searched for the greatest of the smallest differences: any two of these five colours are CIEDE2000 17 or more apart for
normal sight and for deuteranopia, protanopia and tritanopia (Machado, Oliveira and Fernandes 2009), the damage colours
darken in order, and dark letters on each have a contrast of 4.5 or more (WCAG 2.1, 1.4.3).
"""
NOT_SCORED: Final[Colour] = (158, 158, 164)
PICTURE_FAULT: Final[Colour] = (216, 231, 246)
"""A finding about the picture, not the patient, such as blur: nearly white; 18 or more from each of the five."""
INK: Final[Colour] = (14, 15, 18)
"""Letters on damage colours, and the edge of everything drawn over a film."""


@lru_cache(maxsize=1)
def heat_colours() -> npt.NDArray[np.uint8]:
    """(256, 3): colour of each heat value. The darkest third is left out: it would look like shadow on a film."""
    anchors = np.array([[int(h[n : n + 2], 16) for n in (0, 2, 4)] for h in _INFERNO.split()], np.float64)
    at = np.linspace(0.30, 1.0, 256) * (len(anchors) - 1)
    channels = [np.interp(at, np.arange(len(anchors)), anchors[:, channel]) for channel in range(3)]
    return np.round(np.stack(channels, axis=1)).astype(np.uint8)


@lru_cache(maxsize=1)
def heat_opacity() -> npt.NDArray[np.uint8]:
    """(256,): opacity of each heat value, 0 clear to 255 opaque; rises smoothly from nothing."""
    heat = np.clip((np.arange(256) / 255 - _FIRST_SHOWN) / (1 - _FIRST_SHOWN), 0, 1)
    return np.round(255 * _STRONGEST_OPACITY * heat**0.75).astype(np.uint8)


def damage_colour(share: float | None) -> Colour:
    """Colour of a site whose worst grade is this share of its scale; ``None``: no grade."""
    if share is None:
        return NOT_SCORED
    if share <= 0:
        return UNDAMAGED
    return DAMAGE_COLOURS[min(int(share * len(DAMAGE_COLOURS)), len(DAMAGE_COLOURS) - 1)]
