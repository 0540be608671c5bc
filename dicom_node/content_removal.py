"""A content leaves its store: set aside under another name first, then looked at, then unlinked.

    data_dir/incoming/instances.abcd….dcm.removing    set aside; under lock while its remover lives

Who touches the content before it is set aside is seen; who comes later finds no such name and writes the content anew.
What a killed remover left is put back where it was: somebody may need it by now, and else it is removed again.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Final

from dicom_node.disk_sync import sync_folder

_SUFFIX: Final = ".removing"


def remove_content(incoming: Path, path: Path, untouched_since: float) -> bool:
    """Remove a content that nobody touched since then (UTC seconds); False when it stays. Raises OSError."""
    aside = incoming / f"{path.parents[1].name}.{path.name}{_SUFFIX}"
    with contextlib.suppress(FileNotFoundError):  # another remover was first
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            path.rename(aside)
            stays = aside.stat().st_mtime > untouched_since
            if stays:
                aside.rename(path)  # the same bytes, should somebody have written them meanwhile
            else:
                aside.unlink()
            sync_folder(path.parent)
            return not stays
        finally:
            os.close(fd)
    return True


def put_back_cut_removals(data_dir: Path, incoming: Path) -> None:
    """Give back their names to contents whose removers died: the kernel has given up their locks. Raises OSError."""
    for aside in incoming.glob(f"*{_SUFFIX}"):
        place, _, name = aside.name.removesuffix(_SUFFIX).partition(".")
        path = data_dir / place / name[:2] / name
        with contextlib.suppress(FileNotFoundError):
            fd = os.open(aside, os.O_RDONLY | os.O_CLOEXEC)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                with contextlib.suppress(FileExistsError):  # it came again: that one was touched later
                    os.link(aside, path)
                    sync_folder(path.parent)
                aside.unlink()
            except BlockingIOError:
                pass  # its remover lives
            finally:
                os.close(fd)
