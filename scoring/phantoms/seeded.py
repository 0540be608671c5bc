"""Named, independent streams of random numbers: changing one part of a phantom never moves another part."""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, name: str) -> np.random.Generator:
    """The generator of one named part (``"anatomy"``, ``"erosion MCP2"``) of the phantom ``seed``; no global state."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode())])))
