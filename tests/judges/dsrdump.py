"""DCMTK's dsrdump: does an independent reader take the whole tree of a Structured Report?"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.foreign_programs import dcmtk

_HARMLESS: Final = (
    "VR checker does not support this Specific Character Set: ISO_IR 192",
    "Check for template constraints not yet supported",  # of a Key Object Selection, which names its template
)


def report_complaints(path: Path) -> list[str]:
    """What dsrdump has against a Structured Report; empty when it reads the whole tree."""
    done = dcmtk.dsrdump(path)
    lines = [line for line in done.stderr.splitlines() if line.startswith(("E:", "W:", "F:"))]
    complaints = [line for line in lines if not any(words in line for words in _HARMLESS)]
    return complaints if done.returncode == 0 else [f"exit status {done.returncode}", *complaints]
