"""What belongs together: a system's spec and its lists of weights, by their SHA-256 in ``bundle.sha256`` beside them.

The lists name every weight file by its hash, so the seal covers all that a score rests on and that is no code; the
release covers the code. ``sha256sum -c bundle.sha256`` in the system's folder checks the same. After an intended
change: ``python -m scoring.bundle_seal KEY`` writes it anew.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from pathlib import Path
from typing import Final

from scoring.errors import SpecError
from scoring.spec import SystemSpec, read_spec

SEAL: Final = "bundle.sha256"
_LINE: Final = re.compile(r"([0-9a-f]{64})  (\S.*)")


def check_seal(spec: SystemSpec) -> None:
    """Raise SpecError, which names the file, when one of the bundle was changed, is gone, or is not listed."""
    remedy = f"Restore the file; after an intended change: python -m scoring.bundle_seal {spec.key}."
    try:
        lines = (spec.folder / SEAL).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise SpecError(f"{spec.key}/{SEAL} is missing or no text. {remedy}") from None
    listed = {found[2]: found[1] for line in lines if (found := _LINE.fullmatch(line))}
    bundled = _bundled(spec)
    if gone := sorted(set(listed) - set(bundled)):
        raise SpecError(f"{spec.key}/{gone[0]} is missing; {SEAL} lists it. {remedy}")
    for name, path in bundled.items():
        found_hash = _digest(path)
        if listed.get(name) != found_hash:
            says = f"{listed[name][:12]}…" if name in listed else "nothing of it"
            raise SpecError(
                f"{spec.key}/{name} was changed: SHA-256 is {found_hash[:12]}…, {SEAL} lists {says}. {remedy}"
            )


def write_seal(spec: SystemSpec) -> Path:
    """List the bundle as it now is; the file that was written."""
    seal = spec.folder / SEAL
    lines = [f"{_digest(path)}  {name}\n" for name, path in _bundled(spec).items()]
    seal.write_text("".join(lines), encoding="utf-8")
    return seal


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
    for key in sys.argv[1:]:
        written = write_seal(read_spec(Path(__file__).parent / "systems" / key / "spec.toml"))
        sys.stdout.write(f"{written}\n")
