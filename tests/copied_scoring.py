"""A copy of the scoring package that may be changed, for processes that are to find it before the installed one."""

from __future__ import annotations

import shutil
from pathlib import Path

import scoring

_HALF_WRITTEN = "*.pyc.*"
"""Bytecode that another process is about to put in its place."""


def copy_scoring(folder: Path) -> Path:
    """The package below ``folder``. Its bytecode comes with it: each process would else compile it anew."""
    faces = Path(str(scoring.__file__)).parent
    return Path(shutil.copytree(faces, folder / faces.name, ignore=shutil.ignore_patterns(_HALF_WRITTEN)))
