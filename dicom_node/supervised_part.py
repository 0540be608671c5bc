"""One part of the node as a process: its command, its log, and how often it died of late."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import IO, Final

from dicom_node.ends_with_us import ends_with_us

_DEATHS_TOLERATED: Final = 4
_DEATHS_WITHIN_SECONDS: Final = 60.0
_FIRST_WAIT_SECONDS: Final = 0.5
_START_SECONDS: Final = 10.0
"""A part that ends with a fault so soon after the group began cannot start at all: another try is vain."""
_LOG_BYTES: Final = 20 << 20


class SupervisedPart:
    """A part that is started, watched, started again, and stopped."""

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        self.name, self.log = name, log
        self.process: subprocess.Popen[bytes] | None = None
        self.restart_at = 0.0
        self._command = command
        self._deaths: deque[float] = deque()
        self._first_started: float | None = None
        self._forwarder: threading.Thread | None = None

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches the supervisor only."""
        process = subprocess.Popen(
            ends_with_us(self._command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.process = process
        self._first_started = self._first_started or monotonic()
        assert process.stdout is not None
        self._forwarder = threading.Thread(target=_forward, args=(process.stdout, self.name, self.log), daemon=True)
        self._forwarder.start()

    def note_death(self) -> bool:
        """Plan the next start, each later than the one before. False when it dies too often or cannot start at all."""
        assert self.process is not None and self._first_started is not None
        now, status = monotonic(), self.process.returncode
        self.process = None
        self._deaths.append(now)
        while now - self._deaths[0] > _DEATHS_WITHIN_SECONDS:
            self._deaths.popleft()
        self.restart_at = now + _FIRST_WAIT_SECONDS * 2 ** (len(self._deaths) - 1)
        cannot_start = status in (1, 2) and len(self._deaths) == 1 and now - self._first_started < _START_SECONDS
        return not cannot_start and len(self._deaths) <= _DEATHS_TOLERATED

    def drain_output(self) -> None:
        """Wait a moment for the last lines of a process that has ended; a grandchild may hold the pipe longer."""
        if self._forwarder is not None:
            self._forwarder.join(1.0)


def _forward(output: IO[bytes], name: str, path: Path) -> None:
    """Each line to the part's log, and to our stderr under its name. The log begins anew when it is too long."""
    with output, path.open("ab") as log:
        for line in output:
            if log.tell() > _LOG_BYTES:
                log.truncate(0)
            log.write(line)
            log.flush()
            sys.stderr.write(f"[{name}] {line.decode(errors='replace')}")
            sys.stderr.flush()
