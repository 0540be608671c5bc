"""Arrays of pictures as bytes with a SHA-256: drawn once by a network, redrawn from here for ever without one."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from scoring.errors import ResultError


def array_bytes(array: npt.NDArray[np.uint8] | npt.NDArray[np.float32]) -> tuple[str, bytes]:
    """SHA-256 and bytes (NumPy's own format, never pickled) of a heatmap (uint8) or of marks (float32)."""
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    content = buffer.getvalue()
    return hashlib.sha256(content).hexdigest(), content


def read_array(content: bytes) -> npt.NDArray[np.uint8]:
    """The heatmap that ``array_bytes`` wrote; ResultError when the bytes are something else."""
    array = _loaded(content, "heatmap")
    if array.dtype != np.uint8:
        raise ResultError(f"A stored heatmap holds {array.dtype} values; wanted uint8.")
    return np.asarray(array, np.uint8)


def read_points(content: bytes) -> npt.NDArray[np.float32]:
    """The marks that ``array_bytes`` wrote, float32 (n, 3); ResultError when the bytes are something else."""
    array = _loaded(content, "list of marks")
    if array.dtype != np.float32 or array.ndim != 2 or array.shape[1] != 3:
        raise ResultError(f"A stored list of marks holds {array.dtype} {array.shape}; wanted float32 (n, 3).")
    return np.asarray(array, np.float32)


def stretched(array: npt.NDArray[np.uint8], rows: int, columns: int) -> npt.NDArray[np.uint8]:
    """The array as it lies over its source image of ``rows`` by ``columns`` pixels, edge on edge; bicubic, 0..255."""
    return np.asarray(Image.fromarray(array).resize((columns, rows), Image.Resampling.BICUBIC), np.uint8)


def _loaded(content: bytes, what: str) -> npt.NDArray[Any]:
    try:
        return np.asarray(np.load(io.BytesIO(content), allow_pickle=False))
    except (ValueError, EOFError, OSError):
        raise ResultError(f"A stored {what} cannot be read; score the study again to make it anew.") from None
