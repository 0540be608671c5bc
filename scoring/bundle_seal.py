"""What belongs together: a system's spec and its lists of weights, by their SHA-256 in ``bundle.sha256`` beside them.

The lists name every weight file by its hash, so the seal covers all that a score rests on and that is no code; the
release covers the code. ``sha256sum -c bundle.sha256`` in the system's folder checks the same. The folder of a training
run has such a seal of its list of weights. After an intended change: ``python -m scoring.bundle_seal KEY``, or the
folder of the run in place of KEY, writes it anew.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from pathlib import Path
from typing import Final

from scoring.errors import SpecError
from scoring.spec import WEIGHTS_RECORD, SystemSpec, read_spec
from scoring.whole_file import replace_whole

SEAL: Final = "bundle.sha256"
_LINE: Final = re.compile(r"([0-9a-f]{64})  (\S.*)")


def check_seal(spec: SystemSpec) -> None:
    """Raise SpecError, which names the file, when one of the bundle was changed, is gone, or is not listed."""
    _check(spec.folder, _bundled(spec), spec.key)


def check_run_seal(folder: Path) -> None:
    """Raise SpecError when the list of weights in the folder of a training run is not the one that the run wrote."""
    _check(folder, _of_run(folder), str(folder))


def write_seal(spec: SystemSpec) -> Path:
    """List the bundle as it now is; the file that was written."""
    return _write(spec.folder, _bundled(spec))


def write_run_seal(folder: Path) -> Path:
    """Seal the list of weights in the folder of a training run, or of a system that got new ones; the written file.

    OSError when the disk does not take it.
    """
    spec_file = folder / "spec.toml"
    return write_seal(read_spec(spec_file)) if spec_file.exists() else _write(folder, _of_run(folder))


def _check(folder: Path, bundled: dict[str, Path], name_of_all: str) -> None:
    remedy = f"Restore the file; after an intended change: python -m scoring.bundle_seal {name_of_all}."
    try:
        lines = (folder / SEAL).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise SpecError(f"{name_of_all}/{SEAL} is missing or no text. {remedy}") from None
    listed = {found[2]: found[1] for line in lines if (found := _LINE.fullmatch(line))}
    if gone := sorted(set(listed) - set(bundled)):
        raise SpecError(f"{name_of_all}/{gone[0]} is missing; {SEAL} lists it. {remedy}")
    for name, path in bundled.items():
        found_hash = _digest(path)
        if listed.get(name) != found_hash:
            says = f"{listed[name][:12]}…" if name in listed else "nothing of it"
            raise SpecError(
                f"{name_of_all}/{name} was changed: SHA-256 is {found_hash[:12]}…, {SEAL} lists {says}. {remedy}"
            )


def _write(folder: Path, bundled: dict[str, Path]) -> Path:
    seal = folder / SEAL
    replace_whole(seal, "".join(f"{_digest(path)}  {name}\n" for name, path in bundled.items()).encode())
    return seal


def _of_run(folder: Path) -> dict[str, Path]:
    return {WEIGHTS_RECORD: folder / WEIGHTS_RECORD}


def _bundled(spec: SystemSpec) -> dict[str, Path]:
    """The files by their names as seen from the system's folder."""
    files = (spec.folder / "spec.toml", *spec.weights_files)
    return {Path(os.path.relpath(path, spec.folder)).as_posix(): path for path in files}


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        raise SpecError(f"{path.parent.name}/{path.name} is missing; restore it.") from None


if __name__ == "__main__":
    for given in sys.argv[1:]:
        packaged = Path(__file__).parent / "systems" / given
        written = write_run_seal(packaged if packaged.exists() else Path(given))
        sys.stdout.write(f"{written}\n")
