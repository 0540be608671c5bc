"""Arrays of pictures as bytes with a SHA-256: drawn once by a network, redrawn from here for ever without one."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from scoring.errors import ResultError


def array_bytes(array: npt.NDArray[np.uint8]) -> tuple[str, bytes]:
    """SHA-256 and bytes (NumPy's own format, never pickled) of a uint8 array."""
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    content = buffer.getvalue()
    return hashlib.sha256(content).hexdigest(), content


def read_array(content: bytes) -> npt.NDArray[np.uint8]:
    """The array that ``array_bytes`` wrote; ResultError when the bytes are something else."""
    try:
        array = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, OSError):
        raise ResultError("A stored heatmap cannot be read; score the study again to make it anew.") from None
    if array.dtype != np.uint8:
        raise ResultError(f"A stored heatmap holds {array.dtype} values; wanted uint8.")
    return np.asarray(array, np.uint8)


def stretched(array: npt.NDArray[np.uint8], rows: int, columns: int) -> npt.NDArray[np.uint8]:
    """The array as it lies over its source image of ``rows`` by ``columns`` pixels, edge on edge; bicubic, 0..255."""
    return np.asarray(Image.fromarray(array).resize((columns, rows), Image.Resampling.BICUBIC), np.uint8)
