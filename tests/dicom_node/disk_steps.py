"""What is done to the disk, and in which order, by the system calls that this process makes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

Steps = list[tuple[str, str]]
"""(fsync, path), (rename, target) and (unlink, path)."""


def watched_steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    """The steps from now on, each written down right before it is done. Reads /proc: Linux only."""
    done: Steps = []
    real_fsync, real_rename, real_unlink = os.fsync, os.rename, os.unlink

    def fsync(fd: int) -> None:
        done.append(("fsync", str(Path(f"/proc/self/fd/{fd}").readlink())))
        real_fsync(fd)

    def rename(source: Path, target: Path) -> None:
        done.append(("rename", str(target)))
        real_rename(source, target)

    def unlink(path: Path) -> None:
        done.append(("unlink", str(path)))
        real_unlink(path)

    for name, step in (("fsync", fsync), ("rename", rename), ("unlink", unlink)):
        monkeypatch.setattr(os, name, step)
    return done
