"""Pictures that were handed in and are not sent yet: files below data_dir/uploads that go away by themselves.

    uploads/PICTURE_ID             the file as it came
    uploads/PICTURE_ID.preview     how it is shown
    uploads/VISIT_ID.sending/      a visit on its way into the inbox (outgoing_visits.py)

A picture's name, which may be a patient's, is kept in memory alone. Who handed it in is a session of the page; both end
with the process, so what an earlier process left is removed at start.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Final

from core_lab.errors import UploadRefusedError
from core_lab.upload.picture_look import PictureLook
from dicom_node.settings import NodeSettings

SENDING: Final = ".sending"
PREVIEW: Final = ".preview"
_LONGEST_NAME: Final = 80


@dataclass(frozen=True, slots=True)
class TrayPicture:
    """One picture of one session; ``look`` is ``None`` until somebody has looked at it."""

    id: str
    owner: str
    name: str
    digest: str
    path: Path
    arrived_at: float
    look: PictureLook | None = None

    @property
    def preview(self) -> Path:
        """Where the picture lies as it is shown."""
        return self.path.with_suffix(PREVIEW)


class PictureTray:
    """All pictures that are not sent yet. Safe from several threads."""

    def __init__(self, settings: NodeSettings, clock: Callable[[], float] = monotonic) -> None:
        self.folder = settings.node.data_dir / "uploads"
        self.section, self._free_disk_bytes, self._clock = settings.upload, settings.limits.free_disk_bytes, clock
        self._pictures: dict[str, TrayPicture] = {}
        self._lock = Lock()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in self.folder.iterdir():
            if left.suffix != SENDING:
                remove(left)

    def begin(self, owner: str, name: str) -> ArrivingPicture:
        """Room for one more. UploadRefusedError when there are enough, or the disk is full."""
        self.remove_old()
        if len(self.pictures(owner)) >= self.section.pictures:
            raise UploadRefusedError(
                f"There are {self.section.pictures} pictures already, the most of one visit. Remove one, or send these "
                "first.",
                HTTPStatus.CONFLICT,
            )
        if shutil.disk_usage(self.folder).free < self._free_disk_bytes + self.section.picture_bytes:
            raise UploadRefusedError(
                "This computer's disk is full, so nothing can be taken in. Tell the people who run this node.",
                HTTPStatus.INSUFFICIENT_STORAGE,
            )
        return ArrivingPicture(self, owner, _shown_name(name))

    def add(self, owner: str, name: str, digest: str, path: Path) -> TrayPicture:
        """Keep a picture that has arrived whole. UploadRefusedError when this session has it already."""
        picture = TrayPicture(path.name, owner, name, digest, path, self._clock())
        with self._lock:
            mine = [p for p in self._pictures.values() if p.owner == owner]
            if same := next((p for p in mine if p.digest == digest), None):
                raise UploadRefusedError(f"This is the same picture as {same.name}.", HTTPStatus.CONFLICT)
            self._pictures[picture.id] = picture
        return picture

    def pictures(self, owner: str) -> list[TrayPicture]:
        """What this session has handed in, in order of arrival."""
        with self._lock:
            return [picture for picture in self._pictures.values() if picture.owner == owner]

    def picture(self, owner: str, picture_id: str) -> TrayPicture:
        """One picture of this session. UploadRefusedError when there is none: removed, sent, or never there."""
        with self._lock:
            picture = self._pictures.get(picture_id)
        if picture is None or picture.owner != owner:
            raise _gone()
        return picture

    def shown(self, owner: str, picture_id: str) -> bytes:
        """One picture of this session as it is shown (JPEG). UploadRefusedError as ``picture``."""
        try:
            return self.picture(owner, picture_id).preview.read_bytes()
        except FileNotFoundError:  # removed since it was found
            raise _gone() from None

    def note(self, picture: TrayPicture, look: PictureLook) -> None:
        """Remember what was seen on it."""
        with self._lock:
            if picture.id in self._pictures:
                self._pictures[picture.id] = replace(picture, look=look)

    def remove(self, picture: TrayPicture) -> None:
        """Forget it, and its file."""
        with self._lock:
            self._pictures.pop(picture.id, None)
        remove(picture.path)
        remove(picture.preview)

    def remove_old(self) -> None:
        """Forget what nobody sent in time."""
        before = self._clock() - 60 * self.section.keep_minutes
        with self._lock:
            old = [picture for picture in self._pictures.values() if picture.arrived_at <= before]
        for picture in old:
            self.remove(picture)


class ArrivingPicture:
    """One file on its way in: ``write`` its bytes, then ``finish``; ``abort`` leaves nothing behind."""

    def __init__(self, tray: PictureTray, owner: str, name: str) -> None:
        self._tray, self._owner, self._name = tray, owner, name
        self._path = tray.folder / secrets.token_hex(12)
        self._file = os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._digest, self._bytes, self._kept = hashlib.sha256(), 0, False

    def write(self, data: bytes) -> None:
        """The next bytes. UploadRefusedError past the limit of one file."""
        self._bytes += len(data)
        if self._bytes > self._tray.section.picture_bytes:
            raise too_large(self._tray.section.picture_bytes)
        self._digest.update(data)
        self._file.write(data)

    def finish(self, taken_at: float | None = None) -> TrayPicture:
        """All is there; ``taken_at``: when the file was last changed where it came from, UTC seconds.

        UploadRefusedError for an empty one, and one that is here already.
        """
        self._file.close()
        if not self._bytes:
            raise UploadRefusedError("The file is empty. Was it still being copied from the phone?")
        if taken_at is not None:
            os.utime(self._path, (taken_at, taken_at))
        picture = self._tray.add(self._owner, self._name, self._digest.hexdigest(), self._path)
        self._kept = True
        return picture

    def abort(self) -> None:
        """Forget it. Harmless after ``finish``."""
        self._file.close()
        if not self._kept:
            remove(self._path)


def _gone() -> UploadRefusedError:
    return UploadRefusedError(
        "This picture is no longer here: it was sent or removed. Choose it again.", HTTPStatus.NOT_FOUND
    )


def too_large(limit: int) -> UploadRefusedError:
    """The file is larger than this node takes."""
    return UploadRefusedError(
        f"The file is larger than {limit >> 20} MB. Let the phone take smaller pictures (12 megapixels are plenty), or "
        "export it as JPEG.",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    )


def remove(path: Path) -> None:
    """A file or folder is gone, whatever was there."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _shown_name(name: str) -> str:
    """The last part of what a browser calls the file, printable and short: for people, never for a path."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in last if c.isprintable())[:_LONGEST_NAME].strip() or "picture"
