"""Decode pixels in child processes that may die: limits on memory and time, one frame, nothing inherited.

A hostile frame can abort or bloat the process that decodes it (reliability hazards D09-D12). A child is kept warm (its
start costs 0.3 s), killed when it is late, and started again for the next frame. A child may also die of something else
than the frame (out of memory on the machine, a person): a frame is unreadable when three died of it. A second child is
started when two frames are asked for at a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from queue import LifoQueue
from types import TracebackType
from typing import Final, Self

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from scoring.decoding_process import DecodingProcess
from scoring.errors import ImageTooLargeError, ImageUnreadableError

_CHILDREN_FOR_A_FRAME: Final = 3
"""Deaths of the child at one frame until the frame is blamed."""
_AT_ONCE: Final = 2
_LARGE_PIXELS: Final = 20_000_000
"""A film of 4,500 x 4,500: larger images are decoded one by one, lest they fill the memory together."""


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
    """Warm decoding children. ``with PixelDecoder() as decoder: decoder.first_frame(path, header)``.

    Safe from several threads: so many frames are decoded at once as ``at_once`` says, others wait.
    """

    def __init__(self, limits: DecodingLimits | None = None) -> None:
        self.limits = limits or DecodingLimits()
        self._children = tuple(DecodingProcess() for _ in range(_AT_ONCE))
        self._idle: LifoQueue[DecodingProcess] = LifoQueue()  # who decoded last is warm, and is asked first
        for child in reversed(self._children):
            self._idle.put(child)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the children; a later frame starts another."""
        for child in self._children:
            child.close()

    def start(self) -> None:
        """Start a child ahead of the first frame."""
        child = self._idle.get()
        try:
            child.start(self.limits.memory_bytes, self.limits.seconds)
        finally:
            self._idle.put(child)

    @staticmethod
    def at_once(grids: Iterable[tuple[int, int]]) -> int:
        """How many images of these rows and columns may be decoded, and brought into another form, at a time."""
        return _AT_ONCE if all(rows * columns <= _LARGE_PIXELS for rows, columns in grids) else 1

    def first_frame(self, path: Path, header: Dataset, longest_side: int | None = None) -> npt.NDArray[np.generic]:
        """The first frame of a DICOM file as stored: (rows, columns) or (rows, columns, 3), RGB.

        A colour frame of 8 bits that is larger than ``longest_side`` comes averaged to that: sixteen photographs of a
        phone would fill the memory of a small machine. Raises ImageTooLargeError before decoding,
        ImageUnreadableError when the child fails, dies or is late.
        """
        check_pixel_budget(header, self.limits)
        child = self._idle.get()
        try:
            for _ in range(_CHILDREN_FOR_A_FRAME):
                try:
                    return child.frame(path, longest_side, self.limits.memory_bytes, self.limits.seconds)
                except (BrokenPipeError, EOFError):
                    child.close()
                except TimeoutError:
                    child.close()
                    raise ImageUnreadableError(
                        f"Decoding took longer than {self.limits.seconds:g} s; the image cannot be evaluated."
                    ) from None
        finally:
            self._idle.put(child)
        raise ImageUnreadableError(
            f"{_CHILDREN_FOR_A_FRAME} decoders died on this image (memory limit or a damaged frame); it cannot be "
            "evaluated."
        )
