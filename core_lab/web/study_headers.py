"""What the headers of stored instances say, read once each: by what a study is told apart, and which are images.

On the page a study is named by its place in a trial, else by the tail of its UID. Patient's name, birth date and
Patient ID are not even read: a screenshot or a glance at the screen identifies nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Final

from pydicom import dcmread
from pydicom.dataset import Dataset
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dicom_node.content_store import ContentStore
from dicom_node.ledger.tables import InstanceRow
from scoring.study import HEADER_TAGS, ImageReference, TrialContext, read_image_reference, read_trial_context

_KEPT: Final = 8192


class StudyHeaders:
    """Headers by content; stored content never changes, so each is read once."""

    def __init__(self, store: ContentStore) -> None:
        self._store = store
        self._read: dict[str, tuple[TrialContext, ImageReference]] = {}
        self._lock = Lock()

    def trials(self, session: Session, uids: Sequence[str]) -> dict[str, TrialContext]:
        """The trial context of each study by its first instance; empty where there is none."""
        first = select(func.min(InstanceRow.id)).where(InstanceRow.study_instance_uid.in_(uids))
        query = select(InstanceRow).where(InstanceRow.id.in_(first.group_by(InstanceRow.study_instance_uid)))
        found = {row.study_instance_uid: self._of(row.content_sha256)[0] for row in session.scalars(query)}
        return {uid: found.get(uid, TrialContext()) for uid in uids}

    def image(self, sha256: str) -> ImageReference:
        """What one instance's header says of its image."""
        return self._of(sha256)[1]

    def _of(self, sha256: str) -> tuple[TrialContext, ImageReference]:
        with self._lock:
            known = self._read.get(sha256)
        if known is None:
            header = self._header(sha256)
            known = read_trial_context(header), read_image_reference(header, sha256, "")
            if not header:
                return known  # perhaps readable the next time
            with self._lock:
                if len(self._read) >= _KEPT:
                    self._read.clear()
                self._read[sha256] = known
        return known

    def _header(self, sha256: str) -> Dataset:
        path = self._store.instance_path(sha256)
        if not path.exists():  # its pixels may have been removed
            path = self._store.head_path(sha256)
        try:
            return dcmread(path, stop_before_pixels=True, force=True, specific_tags=list(HEADER_TAGS))
        except Exception:  # a lost or hostile file says nothing: its study is still listed, by its UID
            return Dataset()
