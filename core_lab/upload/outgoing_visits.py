"""A visit goes from the tray into the node's inbox: wrapped whole first, then taken like any C-STORE.

A folder uploads/VISIT.sending holds all DICOM files of a visit before the inbox sees the first: if the process dies
then, or the inbox has no room, what is found there is handed over later. A file that comes twice is taken once.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from typing import Final

import structlog

from core_lab.errors import UploadRefusedError
from core_lab.upload.picture_reader import PictureReader
from core_lab.upload.picture_tray import SENDING, PictureTray, TrayPicture, remove
from core_lab.upload.visit_form import VisitForm
from dicom_node.disk_sync import sync_folder
from dicom_node.errors import InstanceRefusedError, WrapError
from dicom_node.photographs.pictured_finger import doubts, pictured_finger
from dicom_node.receiving.inbox import Inbox, Receipt

CALLED: Final = "UPLOAD"
"""In place of a calling AE title: where these instances came from."""
_WRAPPING: Final = ".wrapping"


@dataclass(frozen=True, slots=True)
class SentVisit:
    """What became of a visit; ``new``: pictures that this node did not have yet."""

    study_instance_uid: str
    pictures: int
    new: int


class OutgoingVisits:
    """Between one tray and one inbox. Safe from several threads."""

    def __init__(self, tray: PictureTray, reader: PictureReader, inbox: Inbox) -> None:
        self._tray, self._reader, self._inbox = tray, reader, inbox
        self._lock = Lock()
        self._log = structlog.get_logger("upload")

    def send(self, form: VisitForm, owner: str) -> SentVisit:
        """Wrap and hand over; then the tray forgets the pictures.

        Raises UploadRefusedError: nothing was handed over, or, as it then says, not everything yet.
        """
        pictures = self.pictures(form, owner)
        wrapping = self._tray.folder / f"{secrets.token_hex(12)}{_WRAPPING}"
        wrapping.mkdir(mode=0o700)
        try:
            self._reader.wrap([picture.path for picture in pictures], form, wrapping)
        except UploadRefusedError as error:
            remove(wrapping)
            raise UploadRefusedError(with_names(str(error), pictures), error.status) from None
        for file in wrapping.iterdir():
            _sync_file(file)
        with self._lock:
            sending = wrapping.rename(wrapping.with_suffix(SENDING))
            sync_folder(self._tray.folder)
            receipts = self._hand_over(sending)
        for picture in pictures:
            self._tray.remove(picture)
        sent = SentVisit(
            receipts[0].instance.study_instance_uid,
            len(receipts),
            sum(receipt.arrival != "same_bytes" for receipt in receipts),
        )
        self._log.info("visit_sent", study_instance_uid=sent.study_instance_uid, pictures=len(receipts), new=sent.new)
        return sent

    def pictures(self, form: VisitForm, owner: str) -> list[TrayPicture]:
        """The pictures that a form names. Raises UploadRefusedError when one of them is no longer there."""
        return [self._tray.picture(owner, said.id) for said in form.pictures]

    def finish(self) -> None:
        """Hand over what was wrapped whole and has not arrived in the inbox."""
        with self._lock:
            for sending in sorted(self._tray.folder.glob(f"*{SENDING}")):
                try:
                    self._hand_over(sending)
                except UploadRefusedError as error:
                    self._log.warning("visit_waits", code=error.code)

    def _hand_over(self, sending: Path) -> list[Receipt]:
        try:
            receipts = [self._inbox.receive_file(path, CALLED) for path in sorted(sending.iterdir())]
        except InstanceRefusedError as error:
            raise UploadRefusedError(
                f"The node cannot take the pictures at the moment ({error.comment}). They are kept, and are handed "
                "over as soon as it can; nothing has to be sent again.",
                HTTPStatus.SERVICE_UNAVAILABLE,
            ) from None
        remove(sending)
        return receipts


def visit_doubts(form: VisitForm, pictures: Sequence[TrayPicture]) -> Iterator[str]:
    """What may be wrong with a visit, in words; nothing of it forbids sending. UploadRefusedError for what does."""
    try:
        places = [pictured_finger(said.side, said.finger, form.um_per_px, form.magnification) for said in form.pictures]
    except WrapError as error:
        raise UploadRefusedError(str(error)) from None
    yield from doubts(places)
    looks = [picture.look for picture in pictures if picture.look is not None]
    if unfit := sum(not look.fit for look in looks):
        yield f"{unfit} of {len(pictures)} pictures should be taken again; as they are they count as not assessable."
    if written := sum(bool(look.warnings) for look in looks):
        yield f"Something seems to be written on {written} of {len(pictures)} pictures; a name there would be sent too."
    if form.um_per_px and len({max(look.columns, look.rows) for look in looks}) > 1:
        yield "The pictures are of different sizes, so one scale cannot be right for all; were some made smaller?"


def with_names(said: str, pictures: Sequence[TrayPicture]) -> str:
    """The same words with the names that people know instead of those of our files."""
    for picture in pictures:
        said = said.replace(picture.path.name, picture.name)
    return said


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
