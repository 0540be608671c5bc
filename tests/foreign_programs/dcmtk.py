"""DCMTK's network programs, as a modality or a workstation would use them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.foreign_programs.certificates import Pair
from tests.foreign_programs.programs import find_program

_SECONDS = 120


def storescu(
    port: int, *paths: Path, calling: str = "SENDER", called: str = "RHEUMASCORE", options: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """C-STORE files or folders; ``options``: storescu's own, such as ``-xs`` (propose JPEG lossless), ``over_tls``."""
    scan = ("+sd", "+r") if any(p.is_dir() for p in paths) else ()
    return _run("storescu", "-v", "-aet", calling, "-aec", called, *options, *scan, "127.0.0.1", str(port), *paths)


def echoscu(
    port: int, *, calling: str = "SENDER", called: str = "RHEUMASCORE", options: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """C-ECHO."""
    return _run("echoscu", "-v", "-aet", calling, "-aec", called, *options, "127.0.0.1", str(port))


def over_tls(pair: Pair, trusted: Path) -> tuple[str, ...]:
    """Options of every program of DCMTK: show this certificate, and trust this authority."""
    return ("+tls", str(pair.key), str(pair.certificate), "+cf", str(trusted))


def findscu(
    port: int, *keys: str, calling: str = "SENDER", called: str = "ORTHANC", model: str = "-S"
) -> subprocess.CompletedProcess[str]:
    """C-FIND (Study Root by default); ``keys`` such as ``QueryRetrieveLevel=IMAGE`` and ``SOPInstanceUID``."""
    arguments = [part for key in keys for part in ("-k", key)]
    return _run("findscu", "-v", "-aet", calling, "-aec", called, model, *arguments, "127.0.0.1", str(port))


def dsrdump(path: Path) -> subprocess.CompletedProcess[str]:
    """Read a Structured Report as a tree; its errors and warnings go to stderr."""
    return _run("dsrdump", "-v", path)


def dcmdump(path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Print a DICOM file."""
    return _run("dcmdump", *options, path)


def _run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [find_program(program, "dcmtk"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False)
