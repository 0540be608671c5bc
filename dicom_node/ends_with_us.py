"""The command line of a program that ends when we do, however that happens (``ends_with_parent.py``)."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_LAUNCHER: Final = Path(__file__).with_name("ends_with_parent.py")


def ends_with_us(command: Sequence[str]) -> list[str]:
    """``command``, whose program is named by its whole path. It ends with the thread that starts it."""
    return [sys.executable, "-S", "-E", str(_LAUNCHER), str(os.getpid()), *command]
