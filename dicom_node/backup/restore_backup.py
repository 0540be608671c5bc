"""``rheumascore restore``: a backup into an empty data_dir; every hash is looked at on the way, the ledger comes last.

A restore that was cut short has no ledger yet and is marked; called again it goes on. What was received after the
backup is not in it: its senders must send it again. What was delivered after it is delivered again, byte for byte and
under the same UIDs, which changes nothing there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dicom_node.backup.backup_folder import BackupFolder, KeptFile, Manifest, copy_file, digest_of
from dicom_node.backup.ledger_copy import refuse_used_ledger, restore_ledger
from dicom_node.content_store import ContentStore
from dicom_node.errors import BackupError
from dicom_node.ledger.audit_heads import FILE_NAME as AUDIT_HEADS
from dicom_node.ledger.audit_trail import BrokenEntry, follow_chain
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.timeline import record
from dicom_node.settings import NodeSettings

_MARK: Final = "restoring"
_NAMED: Final = 5
Track = Callable[[Sequence[KeptFile], str], Iterable[KeptFile]]


@dataclass(frozen=True, slots=True)
class RestoredBackup:
    """What was restored."""

    made_at: str
    """The moment of the ledger, UTC."""
    files: int
    audit_entries: int
    left_out: tuple[str, ...]
    """Damaged files of the backup."""


def restore_backup(
    settings: NodeSettings, source: Path, track: Track, *, name: str | None = None, leave_out_damaged: bool = False
) -> RestoredBackup:
    """Restore the latest backup, or the one named. Raises BackupError, and then there is no ledger."""
    backups = BackupFolder(source)
    name = name or backups.newest()
    with closing(Ledger(settings.database_url)) as ledger:
        return _restore(backups, name, ledger, settings.node.data_dir, track, leave_out_damaged)


def _restore(
    backups: BackupFolder, name: str, ledger: Ledger, data_dir: Path, track: Track, leave_out_damaged: bool
) -> RestoredBackup:
    manifest = backups.read(name)
    _refuse_used_folder(data_dir)
    refuse_used_ledger(ledger)
    copy = backups.of(name) / manifest.ledger.path
    if not copy.is_file() or digest_of(copy) != manifest.ledger.sha256:
        raise BackupError(f"{copy} is damaged or missing; an earlier backup can be named with --backup.")
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    (data_dir / _MARK).touch(mode=0o600)
    ContentStore(data_dir)
    damaged = _copy_files(track, backups.folder, data_dir, manifest)
    if damaged and not leave_out_damaged:
        shown = ", ".join(damaged[:_NAMED]) + (f" and {len(damaged) - _NAMED} more" if len(damaged) > _NAMED else "")
        raise BackupError(
            f"{len(damaged)} of {len(manifest.files)} files of the backup are damaged or missing: {shown}. Restore an "
            "earlier one with --backup, or what is whole with --leave-out-damaged."
        )
    if (heads := backups.of(name) / AUDIT_HEADS).exists():
        copy_file(heads, data_dir / AUDIT_HEADS)
    restore_ledger(ledger, copy)
    _check_and_record(ledger, manifest, damaged)
    (data_dir / _MARK).unlink()
    return RestoredBackup(manifest.made_at, len(manifest.files) - len(damaged), manifest.audit_entries, tuple(damaged))


def _refuse_used_folder(data_dir: Path) -> None:
    """Nothing is ever replaced; what a restore that was cut short has left is no hindrance."""
    if data_dir.exists() and any(data_dir.iterdir()) and not (data_dir / _MARK).exists():
        raise BackupError(f"{data_dir} is not empty; a backup is restored into an empty data_dir only.")


def _copy_files(track: Track, source: Path, data_dir: Path, manifest: Manifest) -> list[str]:
    """Every file to its place; the paths of those whose bytes are not what the manifest says."""
    damaged = []
    for file in track(manifest.files, "restoring"):
        target = data_dir / file.path
        if target.exists() and digest_of(target) == file.sha256:
            continue
        if not (source / file.path).is_file() or copy_file(source / file.path, target) != file.sha256:
            target.unlink(missing_ok=True)
            damaged.append(file.path)
    return damaged


def _check_and_record(ledger: Ledger, manifest: Manifest, damaged: Sequence[str]) -> None:
    """The audit trail is the one that was backed up, and says from now on that it was restored."""
    with ledger.read() as session:
        found = follow_chain(session)
    if isinstance(found, BrokenEntry) or (manifest.audit_head and found.number < manifest.audit_entries):
        raise BackupError("The restored audit trail is not the one that was backed up; restore an earlier backup.")
    ledger.upgrade()
    with ledger.write() as session:
        record(
            session, None, "command line", "restored",
            f"Restored from the backup of {manifest.made_at}: what came later must be sent again.",
            audit_head=manifest.audit_head, files=len(manifest.files), left_out=list(damaged),
        )  # fmt: skip
