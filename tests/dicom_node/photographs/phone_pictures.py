"""Pictures as phones, cameras and drawing programs leave them, for tests of wrapping."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from scoring.phantoms.nailfold.nailfold import NailfoldPhantom, draw_nailfold
from scoring.phantoms.nailfold.patient import draw_patient
from scoring.phantoms.nailfold.phone_file import phone_jpeg


@cache
def phantom() -> NailfoldPhantom:
    return draw_nailfold(draw_patient(21), "R", "RING", columns=320, too_blurry=False)


def upright_jpeg(path: Path, **options: object) -> Path:
    """The phantom without any EXIF; ``options`` of saving, such as ``quality``, ``progressive``, ``format``."""
    chosen = {"format": "JPEG", "quality": 90, **options}
    Image.fromarray(phantom().pixels).save(path, **chosen)  # type: ignore[arg-type]
    return path


def phone_picture(path: Path, orientation: int | None = None) -> Path:
    """A JPEG with EXIF, a place and an owner; with ``orientation`` in place of the drawn one."""
    content = phone_jpeg(phantom())
    if orientation is not None:
        file = io.BytesIO()
        with Image.open(io.BytesIO(content)) as picture:
            exif = picture.getexif()
            exif.get_ifd(0x8825), exif.get_ifd(0x8769)
            exif[0x0112] = orientation
            picture.save(file, "JPEG", exif=exif, comment=picture.info["comment"])
        content = file.getvalue()
    path.write_bytes(content)
    return path


def other_picture(path: Path, seed: int) -> Path:
    """Some coloured picture, another for each seed."""
    values = np.random.default_rng(seed).integers(0, 255, (24, 32, 3), np.uint8)
    Image.fromarray(values).save(path, "JPEG", quality=70)
    return path
