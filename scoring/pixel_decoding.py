"""Decode pixels in a child process that may die: limits on memory and time, one frame, nothing inherited.

A hostile frame can abort or bloat the process that decodes it (reliability hazards D09-D12). The child is kept
warm (its start costs 0.3 s), killed when it is late, and started again for the next frame. A child may also die of
something else than the frame (out of memory on the machine, a person): a frame is unreadable when three died of it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from time import monotonic
from types import TracebackType
from typing import Final, Self

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from scoring.errors import ImageTooLargeError, ImageUnreadableError

_CHILDREN_FOR_A_FRAME: Final = 3
"""Deaths of the child at one frame until the frame is blamed."""


@dataclass(frozen=True, slots=True)
class DecodingLimits:
    """What one frame may cost. 200 million values is a 14k x 14k film: none is larger."""

    pixel_values: int = 200_000_000
    memory_bytes: int = 2 << 30
    seconds: float = 20.0


def check_pixel_budget(header: Dataset, limits: DecodingLimits) -> None:
    """Refuse, before anything is decoded, a frame that claims more values than allowed (ImageTooLargeError)."""
    try:
        claimed = int(header.Rows) * int(header.Columns) * int(header.get("SamplesPerPixel") or 1)
    except Exception:  # a hostile value may raise anything while it is converted; it then says no size
        raise ImageUnreadableError("The image says no Rows and Columns; it cannot be decoded.") from None
    if claimed <= 0:
        raise ImageUnreadableError("The image claims to have no pixel; it cannot be decoded.")
    if claimed > limits.pixel_values:
        raise ImageTooLargeError(f"One frame claims {claimed} values; at most {limits.pixel_values} are decoded.")


class PixelDecoder:
    """A warm decoding child. ``with PixelDecoder() as decoder: decoder.first_frame(path, header)``."""

    def __init__(self, limits: DecodingLimits | None = None) -> None:
        self.limits = limits or DecodingLimits()
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the child; a later frame starts another."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()

    def start(self) -> None:
        """Start the child ahead of the first frame."""
        with self._lock:
            self._running()

    def first_frame(self, path: Path, header: Dataset, longest_side: int | None = None) -> npt.NDArray[np.generic]:
        """The first frame of a DICOM file as stored: (rows, columns) or (rows, columns, 3), RGB.

        A colour frame of 8 bits that is larger than ``longest_side`` comes averaged to that: sixteen photographs of a
        phone would fill the memory of a small machine. Raises ImageTooLargeError before decoding,
        ImageUnreadableError when the child fails, dies or is late.
        """
        check_pixel_budget(header, self.limits)
        with self._lock:
            for _ in range(_CHILDREN_FOR_A_FRAME):
                try:
                    return self._ask(self._running(), path, longest_side)
                except (BrokenPipeError, EOFError):
                    self.close()
                except TimeoutError:
                    self.close()
                    raise ImageUnreadableError(
                        f"Decoding took longer than {self.limits.seconds:g} s; the image cannot be evaluated."
                    ) from None
        raise ImageUnreadableError(
            f"{_CHILDREN_FOR_A_FRAME} decoders died on this image (memory limit or a damaged frame); it cannot be "
            "evaluated."
        )

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self.close()
            limits = str(self.limits.memory_bytes), str(self.limits.seconds)
            self._child = subprocess.Popen(
                # Warnings quote the header that they warn of; the frame's fault comes back as the answer.
                [sys.executable, "-W", "ignore", "-m", "scoring.pixel_decoding_child", *limits],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
            )
        return self._child

    def _ask(self, child: subprocess.Popen[bytes], path: Path, longest_side: int | None) -> npt.NDArray[np.generic]:
        assert child.stdin is not None and child.stdout is not None
        child.stdin.write(json.dumps({"path": str(path), "longest_side": longest_side}).encode() + b"\n")
        until = monotonic() + self.limits.seconds
        fd = child.stdout.fileno()
        size = int.from_bytes(_read_exactly(fd, 4, until), "big")
        answer = json.loads(_read_exactly(fd, size, until))
        if "fault" in answer:
            raise ImageUnreadableError(f"The pixels cannot be decoded: {answer['fault']}.")
        shape = tuple(answer["shape"])
        values = _read_exactly(fd, int(np.prod(shape)) * np.dtype(answer["dtype"]).itemsize, until)
        return np.frombuffer(values, dtype=answer["dtype"]).reshape(shape)


def _read_exactly(fd: int, size: int, until: float) -> bytearray:
    received = bytearray()
    with DefaultSelector() as selector:
        selector.register(fd, EVENT_READ)
        while len(received) < size:
            if not selector.select(max(0.0, until - monotonic())):
                raise TimeoutError
            part = os.read(fd, min(1 << 20, size - len(received)))
            if not part:
                raise EOFError
            received += part
    return received
