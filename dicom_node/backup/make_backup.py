"""``rheumascore backup``: the ledger of one moment first, then every file that it names; the node may run meanwhile.

Files are never changed once they have their name, so those copied after the ledger are the ones that it means. What
comes in meanwhile is for the next backup. Retention removes nothing until this has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from dicom_node.backup.backup_folder import BackupFolder, KeptFile, Manifest, copy_file, digest_of
from dicom_node.backup.ledger_copy import POSTGRESQL_NAME, copy_ledger
from dicom_node.content_store import ContentStore
from dicom_node.errors import BackupError
from dicom_node.ledger.audit_heads import FILE_NAME as AUDIT_HEADS
from dicom_node.ledger.audit_trail import BrokenEntry, Head, follow_chain
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import InstanceRow, ObjectRow, RemovalRow, ResultArrayRow
from dicom_node.ledger.timeline import record
from dicom_node.local_files import dataset_digest
from dicom_node.retention import keep_files_from
from dicom_node.settings import NodeSettings

Track = Callable[[Sequence[Path], str], Iterable[Path]]
"""Shows progress: what is gone through, and what is done with it in words."""


@dataclass
class MadeBackup:
    """How a backup went."""

    folder: Path
    copied: int = 0
    bytes: int = 0
    kept: int = 0
    """There already, from an earlier backup."""
    faults: list[str] = field(default_factory=list)
    """In data_dir: files that are missing or damaged, and a broken audit trail. They were so before."""


def make_backup(settings: NodeSettings, ledger: Ledger, target: Path, track: Track) -> MadeBackup:
    """Copy what is new into the folder of backups. Raises BackupError, OSError."""
    data_dir, store = settings.node.data_dir, ContentStore(settings.node.data_dir)
    if target.resolve().is_relative_to(data_dir.resolve()):
        raise BackupError(f"{target} lies in data_dir; a backup belongs on another disk.")
    backups, now = BackupFolder(target), datetime.now(UTC)
    name = now.strftime("%Y%m%dT%H%M%S.%fZ")
    with backups.alone(), keep_files_from(data_dir, exclusive=False):
        known = _known(backups)
        folder = backups.begin(name)
        made = MadeBackup(folder)
        heads = data_dir / AUDIT_HEADS
        if heads.exists():  # before the ledger: each noted head is in it
            copy_file(heads, folder / AUDIT_HEADS)
        copy = copy_ledger(ledger, folder)
        named, head = _read(ledger, copy, store, made)
        files = list(_copy_files(track, data_dir, backups.folder, named, known, made))
        entry = KeptFile(copy.name, copy.stat().st_size, digest_of(copy))
        backups.write(
            name, Manifest(now.isoformat(), settings.node.ae_title, entry, head.number, head.hash, tuple(files))
        )
    with ledger.write() as session:
        record(
            session, None, "command line", "backup_made",
            f"A backup was made: {made.copied} files copied, {made.kept} were there, {len(made.faults)} faults.",
            audit_head=head.hash, ledger_sha256=entry.sha256, files=len(files),
        )  # fmt: skip
    return made


def check_backup(target: Path, name: str | None, track: Track) -> list[str]:
    """Read every file of a backup; the paths of those that are missing or damaged."""
    backups = BackupFolder(target)
    name = name or backups.newest()
    manifest = backups.read(name)
    expected = {backups.of(name) / manifest.ledger.path: manifest.ledger.sha256}
    expected |= {backups.folder / file.path: file.sha256 for file in manifest.files}
    return [str(p) for p in track(list(expected), "reading") if not p.is_file() or digest_of(p) != expected[p]]


def _known(backups: BackupFolder) -> dict[str, KeptFile]:
    """What the latest whole backup has; files beside it, of one that was cut short, are looked at anew."""
    try:
        return {file.path: file for file in backups.read(backups.newest()).files}
    except BackupError:
        return {}


def _read(ledger: Ledger, copy: Path, store: ContentStore, made: MadeBackup) -> tuple[list[Path], Head]:
    """The files that the ledger names, and the head of its audit trail: both of the copy, where it can be opened."""
    copied = ledger if copy.name == POSTGRESQL_NAME else Ledger(f"sqlite:///{copy}")
    try:
        with copied.read() as session:
            named = sorted(set(_named_files(session, store, made)))
            head = follow_chain(session)
    finally:
        if copied is not ledger:
            copied.close()
    if isinstance(head, BrokenEntry):
        made.faults.append(f"audit trail: entry {head.number} {head.words}")
        return named, Head(head.number - 1, "")
    return named, head


def _named_files(session: Session, store: ContentStore, made: MadeBackup) -> Iterator[Path]:
    rows = session.execute(select(RemovalRow.place, RemovalRow.content_sha256))
    removed = {(place, sha256) for place, sha256 in rows}
    for sha256 in session.scalars(select(InstanceRow.content_sha256)):
        if (head := store.head_path(sha256)).exists():
            yield head
        if (path := store.instance_path(sha256)).exists():
            yield path
        elif ("instances", sha256) not in removed:
            made.faults.append(f"missing: {path}")
    for column in (ObjectRow.content_sha256, ResultArrayRow.content_sha256):
        for sha256 in session.scalars(select(column).distinct()):
            if (path := store.path(sha256)).exists():
                yield path
            elif ("content", sha256) not in removed:
                made.faults.append(f"missing: {path}")


def _copy_files(
    track: Track, data_dir: Path, target: Path, named: Sequence[Path], known: dict[str, KeptFile], made: MadeBackup
) -> Iterator[KeptFile]:
    for source in track(named, "copying"):
        path = source.relative_to(data_dir).as_posix()
        before, there = known.get(path), target / path
        if before is not None and there.exists() and there.stat().st_size == before.bytes:
            made.kept += 1
            yield before
            continue
        if _is_damaged(source):
            made.faults.append(f"damaged: {source}")
            continue
        digest = copy_file(source, there)
        size = there.stat().st_size
        made.copied, made.bytes = made.copied + 1, made.bytes + size
        yield KeptFile(path, size, digest)


def _is_damaged(path: Path) -> bool:
    """True when the bytes are not those of the name."""
    if path.suffix == ".head":
        return False
    return (dataset_digest(path) if path.suffix == ".dcm" else digest_of(path)) != path.stem
