"""A folder that is there whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scoring.errors import BundleError


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """A new folder beside ``out`` to be filled; at the end brought to disk and named ``out``, or removed.

    After a kill its name says that it is unfinished. BundleError when ``out`` exists, or the disk does not take it.
    """
    if out.exists() or out.is_symlink():
        raise BundleError(f"{out} is there already; name a folder that is not.")
    unfinished = out.with_name(f".{out.name}.unfinished-{os.getpid()}")
    try:
        unfinished.mkdir(parents=True)
        yield unfinished
        for path in sorted(unfinished.rglob("*"), reverse=True):
            _bring_to_disk(path)
        _bring_to_disk(unfinished)
        unfinished.rename(out)
        _bring_to_disk(out.parent)
    except OSError as error:
        raise BundleError(
            f"{out} could not be written ({error.strerror}); nothing of it is left. Make room, or name another folder."
        ) from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _bring_to_disk(path: Path) -> None:
    at = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(at)
    finally:
        os.close(at)
