"""Wait until a process and all that it started have nothing more to do."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Final

import psutil

_SECONDS: Final = 1.0
_BUSY: Final = 0.1
"""Seconds of processor in that time; what only looks whether there is something to do takes less."""


def wait_until_at_rest(pid: int) -> None:
    """Returns when they used hardly any processor for a second."""
    used, before = _used(pid), -1.0
    while used - before > _BUSY:
        time.sleep(_SECONDS)
        used, before = _used(pid), used


def _used(pid: int) -> float:
    """Seconds of processor so far."""
    seconds = 0.0
    for process in (top := psutil.Process(pid), *top.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            seconds += sum(process.cpu_times()[:2])
    return seconds
