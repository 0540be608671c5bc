"""``[retention]`` carried out: what is old enough and needed by nobody is removed, a few studies at a time.

Decided first, in one transaction with its entry in the audit trail; removed afterwards, file by file. A backup under
way keeps every file (``data_dir/retention.lock``). An image's head stays, so that a report can still be taken back.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import time
from typing import Final

from sqlalchemy.orm import Session

from dicom_node.content_store import ContentStore
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.removals import Content, Place, contents_of, decide, decided, is_needed, note_end
from dicom_node.ledger.studies_at_rest import is_at_rest, studies_at_rest
from dicom_node.ledger.timeline import record
from dicom_node.local_files import bytes_before_pixels
from dicom_node.retention_settings import DAY_SECONDS, RetentionSection
from dicom_node.settings import NodeSettings

LOCK_NAME: Final = "retention.lock"
_ACTOR: Final = "retention"
_STUDIES_AT_ONCE: Final = 100
_FILES_AT_ONCE: Final = 1000
_UNTOUCHED_SECONDS: Final = 3600.0
"""Longer than any job: whoever put a content that is shared has named it in the ledger by then."""
_WHAT: Final = {"instances": "received instances", "content": "written objects and arrays"}


@dataclass(frozen=True, slots=True)
class DueRemoval:
    """What may go of one study in one place."""

    study_instance_uid: str
    place: Place
    contents: tuple[Content, ...]
    bytes: int
    """On disk now."""


def due_removals(
    session: Session, store: ContentStore, section: RetentionSection, now: float, limit: int = _STUDIES_AT_ONCE
) -> list[DueRemoval]:
    """What the settings let go at this time, of so many studies at most in each state and place."""
    rules: list[tuple[Place, tuple[str, ...], float]] = [
        ("instances", (state,), days) for state, days in section.image_days.items()
    ]
    if section.results_days:
        rules.append(("content", ("delivered", "not_evaluable"), section.results_days))
    due = []
    for place, states, days in rules:
        for uid in studies_at_rest(session, place, states, now - days * DAY_SECONDS, limit):
            contents = tuple(contents_of(session, place, uid))
            due.append(DueRemoval(uid, place, contents, sum(_size(_path(store, content)) for content in contents)))
    return due


class Retention:
    """Removes what is due, for one node. Harmless when two do it."""

    def __init__(self, settings: NodeSettings, ledger: Ledger, store: ContentStore) -> None:
        self._settings, self._ledger, self._store = settings, ledger, store

    def turn(self, now: float | None = None) -> tuple[int, int]:
        """Decide and remove what is due of some studies. (files removed, bytes freed); (0, 0): there is nothing left.

        Raises LedgerBusyError and ContentNotWrittenError; then the next turn goes on where this one stopped.
        """
        at = time() if now is None else now
        with keep_files_from(self._settings.node.data_dir, exclusive=True) as allowed:
            if not allowed:
                return 0, 0
            if self._settings.retention.on:
                self._decide(at)
            return self._remove_decided(at)

    def _decide(self, now: float) -> None:
        with self._ledger.read() as session:
            due = due_removals(session, self._store, self._settings.retention, now)
        for removal in due:
            if removal.place == "instances":
                self._keep_heads(removal)
            with self._ledger.write() as session:
                if not is_at_rest(session, removal.study_instance_uid):
                    continue
                decide(session, removal.study_instance_uid, removal.contents, now)
                _record(session, removal)

    def _keep_heads(self, removal: DueRemoval) -> None:
        for content in removal.contents:
            path = self._store.instance_path(content.sha256)
            if path.exists():
                self._store.keep_head(content.sha256, bytes_before_pixels(path))

    def _remove_decided(self, now: float) -> tuple[int, int]:
        self._store.put_back_cut_removals()
        with self._ledger.read() as session:
            waiting = decided(session, _FILES_AT_ONCE)
        files = freed = 0
        for content in waiting:
            with self._ledger.read() as session:
                needed = is_needed(session, content)
            path = _path(self._store, content)
            size = _size(path)
            if not needed and not self._store.remove(path, now - _UNTOUCHED_SECONDS):
                continue  # somebody had it in hand just now: looked at again in the next turn
            with self._ledger.write() as session:
                note_end(session, content, "shared" if needed else "gone")
            if not needed:
                files, freed = files + 1, freed + size
        return files, freed


@contextmanager
def keep_files_from(data_dir: Path, *, exclusive: bool) -> Iterator[bool]:
    """While a backup (not exclusive) holds this, retention (exclusive) removes nothing. False: somebody else has it."""
    fd = os.open(data_dir / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, (fcntl.LOCK_EX | fcntl.LOCK_NB) if exclusive else fcntl.LOCK_SH)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(fd)


def _record(session: Session, removal: DueRemoval) -> None:
    digests = sorted(content.sha256 for content in removal.contents)
    record(
        session, removal.study_instance_uid, _ACTOR, "removed",
        f"{len(digests)} {_WHAT[removal.place]} ({removal.bytes / 1e6:.1f} MB) are not kept any longer.",
        place=removal.place, number=len(digests), bytes=removal.bytes, contents_sha256=digests,
        digest=sha256("\n".join(digests).encode()).hexdigest(),
    )  # fmt: skip


def _path(store: ContentStore, content: Content) -> Path:
    return store.instance_path(content.sha256) if content.place == "instances" else store.path(content.sha256)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
