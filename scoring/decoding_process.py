"""One child process that decodes, as its parent sees it: a frame is asked for, and comes, or the child has died."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from time import monotonic

import numpy as np
import numpy.typing as npt

from scoring.errors import ImageUnreadableError


class DecodingProcess:
    """Runs from ``start`` or the first frame on. One frame at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Of the child that runs or has died; None when none was started, or it was closed."""
        return None if self._process is None else self._process.pid

    def start(self, memory_bytes: int, seconds: float) -> subprocess.Popen[bytes]:
        """The child, started if it does not run; the kernel holds it to so much memory, and processor for a frame."""
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = subprocess.Popen(
                # Warnings quote the header that they warn of; the frame's fault comes back as the answer.
                [sys.executable, "-W", "ignore", "-m", "scoring.pixel_decoding_child", str(memory_bytes), str(seconds)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
            )
        return self._process

    def frame(self, path: Path, longest_side: int | None, memory_bytes: int, seconds: float) -> npt.NDArray[np.generic]:
        """The first frame of a file, see ``PixelDecoder.first_frame``.

        Raises BrokenPipeError or EOFError when the child died, TimeoutError when it is late, ImageUnreadableError for
        the frame's own fault.
        """
        child = self.start(memory_bytes, seconds)
        assert child.stdin is not None and child.stdout is not None
        child.stdin.write(json.dumps({"path": str(path), "longest_side": longest_side}).encode() + b"\n")
        until = monotonic() + seconds
        fd = child.stdout.fileno()
        size = int.from_bytes(_read_exactly(fd, 4, until), "big")
        answer = json.loads(_read_exactly(fd, size, until))
        if "fault" in answer:
            raise ImageUnreadableError(f"The pixels cannot be decoded: {answer['fault']}.")
        shape = tuple(answer["shape"])
        values = _read_exactly(fd, int(np.prod(shape)) * np.dtype(answer["dtype"]).itemsize, until)
        return np.frombuffer(values, dtype=answer["dtype"]).reshape(shape)

    def close(self) -> None:
        """End the child; a later frame starts another."""
        child, self._process = self._process, None
        if child is not None:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()


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
