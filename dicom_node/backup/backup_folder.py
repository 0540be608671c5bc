"""A folder of backups: the files once, beside one small folder for each time a backup was made.

    DIR/instances/ab/abcd….dcm          as in data_dir; what is there already is not copied again
    DIR/content/ab/abcd…
    DIR/backups/20261121T133000Z/       the ledger of that moment, the noted audit heads, and the manifest
        manifest.json                   written last: without it the backup was cut short and does not count

Files are copies, never links: what damages data_dir leaves them alone. Each is read back after it was written.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from dicom_node.disk_sync import sync_folder
from dicom_node.errors import BackupError

FORMAT: Final = 1
_MANIFEST: Final = "manifest.json"
_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One file of a backup."""

    path: str
    """Below the folder of backups, and below data_dir: ``instances/ab/abcd….dcm``."""
    bytes: int
    sha256: str
    """Of all its bytes."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one backup consists of."""

    made_at: str
    """UTC, ISO 8601: the moment of the ledger."""
    node: str
    """Our AE title."""
    ledger: KeptFile
    """Its path is below the folder of this one backup."""
    audit_entries: int
    audit_head: str
    files: tuple[KeptFile, ...]
    format: int = FORMAT


class BackupFolder:
    """One folder of backups."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._backups = folder / "backups"

    def begin(self, name: str) -> Path:
        """The folder of a new backup, for this user alone."""
        for made in (self.folder, self._backups, self._backups / name):
            made.mkdir(mode=0o700, parents=made == self.folder, exist_ok=True)
        return self._backups / name

    @contextmanager
    def alone(self) -> Iterator[None]:
        """No second backup into the same folder meanwhile. Raises BackupError when one runs."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(self.folder / "backup.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise BackupError(f"A backup into {self.folder} is under way already; wait for its end.") from None
        finally:
            os.close(fd)

    def newest(self) -> str:
        """The name of the latest whole backup. Raises BackupError when there is none."""
        whole = sorted(path.parent.name for path in self._backups.glob(f"*/{_MANIFEST}"))
        if not whole:
            raise BackupError(f"{self.folder} holds no whole backup; `rheumascore backup {self.folder}` makes one.")
        return whole[-1]

    def of(self, name: str) -> Path:
        """The folder of one backup."""
        return self._backups / name

    def read(self, name: str) -> Manifest:
        """Its manifest. Raises BackupError when it is damaged."""
        path = self.of(name) / _MANIFEST
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            files = tuple(KeptFile(*entry) for entry in raw.pop("files"))
            manifest = Manifest(**raw | {"files": files, "ledger": KeptFile(**raw["ledger"])})
        except (OSError, ValueError, TypeError, KeyError):
            raise BackupError(f"{path} is damaged or missing; an earlier backup can be named with --backup.") from None
        if manifest.format != FORMAT:
            raise BackupError(f"{path} has format {manifest.format}; this software reads format {FORMAT}.")
        return manifest

    def write(self, name: str, manifest: Manifest) -> None:
        """The last step of a backup."""
        raw = asdict(manifest) | {"files": [[f.path, f.bytes, f.sha256] for f in manifest.files]}
        part = self.of(name) / f"{_MANIFEST}.part"
        with part.open("w", encoding="utf-8") as file:
            json.dump(raw, file, indent=0)
            file.flush()
            os.fsync(file.fileno())
        part.rename(self.of(name) / _MANIFEST)
        sync_folder(self.of(name))


def copy_file(source: Path, target: Path) -> str:
    """Copy, sync, give it its name, read it back. Returns the SHA-256 of all bytes. Raises OSError, BackupError."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    digest = hashlib.sha256()
    with source.open("rb") as reading, part.open("wb") as writing:
        part.chmod(0o600)
        while piece := reading.read(_PIECE):
            digest.update(piece)
            writing.write(piece)
        writing.flush()
        os.fsync(writing.fileno())
        os.posix_fadvise(writing.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)  # read back from the disk, not from memory
    if digest_of(part) != digest.hexdigest():
        raise BackupError(f"{target} reads back other than it was written: the disk below it is not sound.")
    part.rename(target)
    sync_folder(target.parent)
    return digest.hexdigest()


def digest_of(path: Path) -> str:
    """SHA-256 of all bytes of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
