"""The fine net inside bones."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from scipy.fft import irfft2, rfft2

from scoring.phantoms.bone_box import Box, Plane

TILE_MM: Final = 0.15
TILE: Final = 512


@lru_cache(maxsize=1)
def trabeculae() -> Plane:
    """A tile of struts along the first axis and weaker ones across it, near 0.8 mm apart; mean 0, deviation 1."""
    noise = np.random.Generator(np.random.PCG64(7)).standard_normal((2, TILE, TILE))
    along = np.fft.fftfreq(TILE, TILE_MM)[:, None]
    across = np.fft.rfftfreq(TILE, TILE_MM)[None, :]
    texture = np.zeros((TILE, TILE))
    for layer, (stretch_along, stretch_across, weight) in zip(noise, ((3.2, 1.0, 1.0), (1.0, 2.6, 0.5)), strict=True):
        frequency = np.hypot(stretch_along * along, stretch_across * across)
        waves = irfft2(rfft2(layer) * np.exp(-(((frequency - 1.2) / 0.5) ** 2)), s=(TILE, TILE))
        waves = waves / waves.std()
        # Struts are fewer than the gaps between them.
        texture += weight * (waves + 0.18 * (waves * waves - 1.0))
    tile: Plane = (texture / texture.std()).astype(np.float32)
    return tile


def texture_in(box: Box, rng: np.random.Generator) -> Plane:
    """The net of one bone, running along its axis; mean 0, deviation 1."""
    row, column = rng.integers(0, TILE, 2)
    i = ((box.along / TILE_MM).astype(np.int32) + row) % TILE
    j = ((box.across / TILE_MM).astype(np.int32) + column) % TILE
    texture: Plane = trabeculae()[i, j]
    return texture
