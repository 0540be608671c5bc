"""What a training run was begun with: command, code, versions and machine; noted once, never compared."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from shlex import join
from typing import Final

import torch

_PACKAGES: Final = ("rheumascore", "torch", "timm", "monai", "numpy", "scipy")


def run_record() -> dict[str, object]:
    """Names and texts for ``run.json``; ``git_revision`` is None outside a checkout."""
    return {
        "command": join(sys.argv),
        "git_revision": git_revision(Path(__file__).parent),
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in _PACKAGES},
        "machine": platform.machine(),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
    }


def git_revision(folder: Path) -> str | None:
    """The commit that the code in a folder is of, ``-dirty`` when it was changed since; None where git knows nothing.

    A package that was installed below somebody else's checkout is not of it: its files must be git's.
    """
    if not _git(folder, "ls-files"):
        return None
    return _git(folder, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(  # our own words
            ["git", "-C", str(folder), *arguments],  # whichever git there is
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None
