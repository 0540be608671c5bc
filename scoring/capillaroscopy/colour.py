"""Has a picture colours of its own: a radiograph that was saved in colour has none, and one tint gives it none."""

from __future__ import annotations

from typing import Final

import numpy as np

from scoring.capillaroscopy.sharpness import Pixels

_LOOKED_AT: Final = 256
_DARK, _WHITE = 0.08, 0.98
"""What is darker or brighter in its strongest channel is cut off there, and has lost its colour."""
_LEAST: Final = 3 / 255
"""Between the strongest and the weakest channel once the tint of the whole picture is taken out, at 95 of 100 pixels:
6 on the palest of 54 real nailfolds, at most 1.4 on evenly tinted radiographs. A written word covers less than that."""


def has_colour(pixels: Pixels) -> bool:
    """Of one picture (rows, columns, 3); single pixels of a coarse grid are looked at."""
    step = max(1, max(pixels.shape[:2]) // _LOOKED_AT)
    seen = np.asarray(pixels[::step, ::step], np.float32).reshape(-1, 3) / (255 if pixels.dtype == np.uint8 else 1)
    strongest = seen.max(axis=1)
    seen = seen[(strongest > _DARK) & (strongest < _WHITE)]
    if not len(seen):
        return False
    light = seen.mean(axis=1, keepdims=True)
    tint = (seen * light).sum(axis=0) / (light * light).sum()
    return float(np.percentile(np.ptp(seen - light * tint, axis=1), 95)) > _LEAST
