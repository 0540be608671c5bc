"""Independent judges of what we write: dicom3tools' dciodvfy (IOD) and DCMTK's dsrdump (the tree of a report)."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

from tests.foreign_programs.dcmtk import dsrdump
from tests.foreign_programs.programs import find_program

HARMLESS: Final = (
    "Unrecognized defined term <99RHEUM> for value",  # any private scheme; it is identified in the object
    "would be needed to build DICOMDIR",  # the source itself has no Patient ID, Study ID, date or time
    "Unrecognized defined term <DMS>",  # the modality is younger than the program
)
"""Warnings of dciodvfy that cannot be removed."""

_CHARACTER_SET: Final = "VR checker does not support this Specific Character Set: ISO_IR 192"


def iod_complaints(path: Path) -> list[str]:
    """Every error and warning of dciodvfy about the file but the harmless ones."""
    program = find_program("dciodvfy", "dicom3tools")
    done = subprocess.run([program, str(path)], capture_output=True, text=True, errors="replace", check=False)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("Error", "Warning"))]
    return sorted({line for line in lines if not any(words in line for words in HARMLESS)})


def report_complaints(path: Path) -> list[str]:
    """What dsrdump has against a Structured Report; empty when it reads the whole tree."""
    done = dsrdump(path)
    lines = [line for line in done.stderr.splitlines() if line.startswith(("E:", "W:", "F:"))]
    complaints = [line for line in lines if _CHARACTER_SET not in line]
    return complaints if done.returncode == 0 else [f"exit status {done.returncode}", *complaints]
