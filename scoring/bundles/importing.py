"""A trained system in: a bundle from somebody else becomes a folder of weights, or nothing at all."""

from __future__ import annotations

import shutil
from pathlib import Path

from scoring.bundle_seal import write_run_seal
from scoring.bundles.checking import check_bundle
from scoring.bundles.layout import DOCS, MODELS, largest
from scoring.bundles.manifest import files_of
from scoring.bundles.whole_folder import whole_folder
from scoring.errors import BundleError
from scoring.spec import WEIGHTS_RECORD, SystemSpec


def import_bundle(spec: SystemSpec, bundle: Path, out: Path) -> Path:
    """Copy what a bundle declares into ``out``, in the shape of a training run's folder; ``out``.

    It is copied first and checked then, so that what was checked is what is used, whoever changes the bundle meanwhile.
    BundleError names what is wrong with it.
    """
    names = files_of(bundle)
    with whole_folder(out) as folder:
        copied = folder / "bundle"
        for name in names:
            target = copied / name
            target.parent.mkdir(parents=True, exist_ok=True)
            _copy(bundle / name, target, name)
        record = check_bundle(copied, spec)
        for file in record.files:
            file.path.rename(folder / file.path.name)
        (copied / MODELS / WEIGHTS_RECORD).rename(folder / WEIGHTS_RECORD)
        for document in sorted((copied / DOCS).glob("*")):
            document.rename(folder / document.name)
        shutil.rmtree(copied)
        write_run_seal(folder)
    return out


def _copy(source: Path, target: Path, name: str) -> None:
    """Byte by byte, never more than a file of this name may have."""
    left = largest(name)
    with source.open("rb") as original, target.open("wb") as copy:
        while piece := original.read(1 << 20):
            left -= len(piece)
            if left < 0:
                raise BundleError(f"{name!r} of the bundle has more than {largest(name)} bytes.")
            copy.write(piece)
