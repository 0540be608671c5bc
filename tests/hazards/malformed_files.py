"""The malformed files of tests/hazards/malformed, taken out of their archive."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Final

_ARCHIVE: Final = Path(__file__).parent / "malformed" / "corpus.tar.xz"


def malformed_files() -> dict[str, bytes]:
    """Every file's bytes by its name, such as ``cat03_sequence_nesting/TC0265_depth_100.dcm``."""
    found = {}
    with tarfile.open(_ARCHIVE) as archive:
        for member in archive.getmembers():
            if member.name.endswith(".dcm") and (file := archive.extractfile(member)) is not None:
                found[member.name] = file.read()
    return found
