"""The child of ``scoring.pixel_decoding``: one request a line, answered with one frame; may be killed at any time.

Request: JSON, ``path`` and ``longest_side`` (null: as it is).

Answer: four bytes of length, JSON (``shape`` and ``dtype``, or ``fault``), then the values.
"""

from __future__ import annotations

import json
import resource
import sys
from math import ceil
from time import process_time
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.pixels.utils import pixel_array

from scoring.jpeg_decoders import register_jpeg_decoders
from scoring.smaller_frame import smaller, smaller_jpeg


def main() -> None:
    """Serve frames until standard input ends. Arguments: bytes of memory, and seconds of processor for one frame."""
    memory, seconds = int(sys.argv[1]), float(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    register_jpeg_decoders()
    for line in sys.stdin.buffer:
        # The parent looks at the clock; this ends the child also when nobody waits for it any more.
        resource.setrlimit(resource.RLIMIT_CPU, (ceil(process_time() + seconds) + 1, resource.RLIM_INFINITY))
        request = json.loads(line)
        _answer(sys.stdout.buffer, request["path"], request["longest_side"])


def _answer(out: BinaryIO, path: str, longest_side: int | None) -> None:
    try:
        dataset = dcmread(path, force=True)
        frame = _first_frame(dataset) if longest_side is None else _within(dataset, longest_side)
    except Exception as error:  # whatever a decoder raises on hostile bytes, the parent needs its kind, not its text
        _send(out, {"fault": type(error).__name__})
        return
    _send(out, {"shape": frame.shape, "dtype": frame.dtype.str})
    out.write(frame.tobytes())
    out.flush()


def _within(dataset: Dataset, longest_side: int) -> npt.NDArray[np.generic]:
    jpeg = smaller_jpeg(dataset, longest_side)
    return smaller(_first_frame(dataset), longest_side) if jpeg is None else jpeg


def _first_frame(dataset: Dataset) -> npt.NDArray[np.generic]:
    frame = pixel_array(dataset, index=0)
    if frame.ndim == 3 and frame.shape[-1] not in (3, 4):
        frame = frame[0]
    return np.ascontiguousarray(frame[..., :3] if frame.ndim == 3 else frame)


def _send(out: BinaryIO, answer: dict[str, object]) -> None:
    message = json.dumps(answer).encode()
    out.write(len(message).to_bytes(4, "big") + message)
    out.flush()


if __name__ == "__main__":
    main()
