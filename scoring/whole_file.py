"""A file that is there whole, on disk, or as it was before."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from scoring.errors import NotWrittenError


def replace_whole(path: Path, content: bytes) -> None:
    """Write beside it, bring to disk, and give it its name. OSError when the disk does not take it; no part is left."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def write_whole_text(path: Path, text: str) -> None:
    """The same for a text that a command writes. NotWrittenError when the disk does not take it."""
    try:
        replace_whole(path, text.encode())
    except OSError as error:
        raise not_written(path, error) from None


def make_folder(folder: Path) -> None:
    """The folder that a command writes to, before any work is done for it. NotWrittenError when there can be none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_written(folder, error) from None


def not_written(path: Path, error: OSError) -> NotWrittenError:
    """What is said of a file that ``replace_whole`` could not write."""
    return NotWrittenError(
        f"{path} could not be written ({error.strerror}); what was there before still is. Make room, or name a "
        "folder that you may write, then give the same command again."
    )
