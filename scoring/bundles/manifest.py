"""The manifest of a bundle: which files belong to it, and the SHA-256 of each."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from scoring.bundles.layout import MANIFEST, MOST_FILES, is_allowed, largest
from scoring.errors import BundleError

_LINE: Final = re.compile(r"([0-9a-f]{64})  (.+)")
_DEEPEST: Final = 2


def write_manifest(folder: Path) -> None:
    """List every file of the folder as it now is."""
    names = [name for name in files_of(folder) if name != MANIFEST]
    lines = [f"{digest_of(folder / name)}  {name}\n" for name in names]
    (folder / MANIFEST).write_text("".join(lines), encoding="utf-8")


def check_manifest(folder: Path) -> dict[str, str]:
    """SHA-256 by name of every file but the manifest itself.

    BundleError: a file that is missing, too many, changed or too large, a link, a name that no bundle holds.
    """
    listed = _listed(folder)
    there = set(files_of(folder)) - {MANIFEST}
    if missing := sorted(listed.keys() - there):
        raise BundleError(f"{folder.name}: {missing[0]} is missing; the manifest lists it. Ask for the bundle anew.")
    if more := sorted(there - listed.keys()):
        raise BundleError(f"{folder.name}: {more[0]} is not in the manifest; what was added is not taken in.")
    for name, sha256 in listed.items():
        if (size := (folder / name).stat().st_size) > largest(name):
            raise BundleError(f"{folder.name}: {name} has {size} bytes; allowed are {largest(name)}.")
        if (found := digest_of(folder / name)) != sha256:
            raise BundleError(
                f"{folder.name}: {name} was changed: SHA-256 is {found[:12]}…, the manifest lists {sha256[:12]}…. "
                "Ask for the bundle anew."
            )
    return listed


def files_of(folder: Path) -> list[str]:
    """Names of all files, sorted. BundleError at the first link, device, or name that no bundle holds."""
    names = sorted(_found(folder, "", 0))
    if len(names) > MOST_FILES:
        raise BundleError(f"{folder.name} holds {len(names)} files; a bundle has at most {MOST_FILES}.")
    return names


def digest_of(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _found(folder: Path, below: str, depth: int) -> Iterator[str]:
    try:
        entries = list(os.scandir(folder))
    except OSError as error:
        raise BundleError(f"The bundle {folder} cannot be read ({error.strerror}).") from None
    for entry in entries[: MOST_FILES + 2]:
        name = f"{below}{entry.name}"
        if entry.is_symlink():
            raise BundleError(f"{name!r} in the bundle is a link; a bundle holds its files itself.")
        if entry.is_dir(follow_symlinks=False) and depth < _DEEPEST - 1:
            yield from _found(Path(entry.path), f"{name}/", depth + 1)
        elif not entry.is_file(follow_symlinks=False) or not is_allowed(name):
            raise BundleError(
                f"{name!r} may not be in a bundle: it holds a manifest, a licence, metadata, weights (safetensors, "
                "ONNX) and documents; programs, pickles and configuration to be executed are never taken in."
            )
        else:
            yield name


def _listed(folder: Path) -> dict[str, str]:
    path = folder / MANIFEST
    try:
        if path.stat().st_size > largest(MANIFEST):
            raise BundleError(f"{folder.name}: {MANIFEST} is too large to be one.")
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise BundleError(
            f"{folder.name} has no {MANIFEST} that can be read; it is no bundle, or not a whole one."
        ) from None
    listed: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        found = _LINE.fullmatch(line)
        if found is None or found[2] in listed or found[2] == MANIFEST:
            raise BundleError(f"{folder.name}: line {number} of {MANIFEST} is no hash and name, or names a file twice.")
        if not is_allowed(found[2]):
            raise BundleError(f"{folder.name}: line {number} of {MANIFEST} names {found[2]!r}, which no bundle holds.")
        listed[found[2]] = found[1]
    return listed
