"""Pictures as large as a phone takes them: a phantom's JPEG enlarged to twelve megapixels, with a sensor's grain."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from scoring.phantoms.nailfold.write_nailfolds import write_nailfold_phantoms

LONGEST_SIDE: Final = 4032
_GRAIN: Final = 4.0
"""Spread of the sensor's noise, of 255."""
_QUALITY: Final = 95
"""With this grain about four megabytes a picture."""


def write_phone_visit(folder: Path, seed: int) -> tuple[list[Path], Path]:
    """Sixteen JPEG files of twelve megapixels of one phantom's nailfolds, and the table of their fingers."""
    *pictures, _, table, _ = write_nailfold_phantoms(folder, 1, seed)
    for path, content in zip(pictures, _enlarged(pictures, seed), strict=True):
        path.write_bytes(content)
    return pictures, table


def _enlarged(pictures: list[Path], seed: int) -> Iterator[bytes]:
    chance = np.random.default_rng(seed)
    grain = chance.normal(0, _GRAIN, (LONGEST_SIDE, LONGEST_SIDE)).astype(np.float32)
    for path in pictures:
        with Image.open(path) as small:
            share = LONGEST_SIDE / max(small.size)
            size = (round(small.width * share), round(small.height * share))
            large = np.asarray(small.resize(size, Image.Resampling.BICUBIC), np.float32)
            exif = small.getexif()
        noise = np.roll(grain, int(chance.integers(LONGEST_SIDE)), 0)[: size[1], : size[0], None]
        file = io.BytesIO()
        Image.fromarray(np.clip(large + noise, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=_QUALITY, exif=exif)
        yield file.getvalue()
