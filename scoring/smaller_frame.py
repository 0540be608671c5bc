"""A colour frame averaged to a longest side; a JPEG is decoded no finer than that needs, at a fraction of the cost."""

from __future__ import annotations

import io
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.uid import JPEGBaseline8Bit

Frame = npt.NDArray[Any]

_CONVERTED: Final = ("YBR_FULL", "YBR_FULL_422")
"""Photometric interpretations that a JPEG decoder turns into RGB by itself."""


def size_within(rows: int, columns: int, longest_side: int) -> tuple[int, int]:
    """Rows and columns of a frame whose longer side is at most ``longest_side``; never larger than it was."""
    share = min(1.0, longest_side / max(rows, columns))
    return max(1, round(rows * share)), max(1, round(columns * share))


def smaller(frame: Frame, longest_side: int) -> Frame:
    """An RGB frame of 8 bits averaged to ``size_within``; any other frame as it is."""
    size = size_within(frame.shape[0], frame.shape[1], longest_side)
    if frame.ndim != 3 or frame.dtype != np.uint8 or size == frame.shape[:2]:
        return frame
    return _averaged(Image.fromarray(frame), size)


def smaller_jpeg(dataset: Dataset, longest_side: int) -> Frame | None:
    """The first frame of a baseline JPEG in colour, decoded at the coarsest of its scales that is fine enough.

    None where the file has no such frame, one that is small enough, or one of another size than its header says: the
    usual way decodes it, or refuses it.
    """
    if dataset.file_meta.get("TransferSyntaxUID") != JPEGBaseline8Bit:
        return None
    if dataset.get("PhotometricInterpretation") not in _CONVERTED or dataset.get("SamplesPerPixel") != 3:
        return None
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    frames = int(dataset.get("NumberOfFrames") or 1)
    size = size_within(rows, columns, longest_side)
    if size == (rows, columns):
        return None
    with Image.open(io.BytesIO(get_frame(dataset.PixelData, 0, number_of_frames=frames)), formats=("JPEG",)) as jpeg:
        if jpeg.size != (columns, rows) or jpeg.mode != "RGB":
            return None
        jpeg.draft("RGB", (size[1], size[0]))
        return _averaged(jpeg, size)


def _averaged(picture: Image.Image, size: tuple[int, int]) -> Frame:
    rows, columns = size
    return np.asarray(picture.resize((columns, rows), Image.Resampling.BOX), np.uint8)
