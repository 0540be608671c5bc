"""P1 and P3 of a whole data_dir: what the ledger names is there, each file is what its name says, and none is half."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from pathlib import Path

from dicom_node.local_files import dataset_digest


def kept_instances(data_dir: Path) -> dict[str, Path]:
    """The files of received instances by the digests that are their names."""
    return {path.stem: path for path in (data_dir / "instances").rglob("*.dcm")}


def broken_contents(data_dir: Path, known: Collection[str]) -> Iterator[str]:
    """In words, whatever is lost, changed or half-written. ``known``: digests of the instances in the ledger."""
    files = kept_instances(data_dir)
    yield from (f"lost: the file {sha256} is not in the store" for sha256 in set(known) - files.keys())
    for sha256, path in files.items():
        if dataset_digest(path) != sha256:
            yield f"changed: the file {sha256} has other bytes"
    for path in (data_dir / "content").rglob("*"):
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() != path.name:
            yield f"changed: the content {path.name} has other bytes"
    yield from (f"half-written: {path.name} in {path.parent.name}" for path in (data_dir / "incoming").iterdir())
