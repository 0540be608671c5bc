"""What a process with many threads does with large blocks of memory that it no longer needs."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
"""mallopt(3)."""
_LARGE: Final = 2 << 20


def give_large_blocks_back() -> None:
    """From now on blocks of 2 MB and more go back to the system when they are freed.

    Left alone, glibc raises that limit to the largest block it ever saw freed, and then each thread's arena keeps as
    much: a try at a passcode takes 16 MB. Nothing is done under other C libraries.
    """
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGE)
        libc.mallopt(_M_TRIM_THRESHOLD, _LARGE)
