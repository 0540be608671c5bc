"""What stands behind the upload page: tray, reader and way into the inbox, kept tidy while the page runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

import structlog

from core_lab.upload.outgoing_visits import OutgoingVisits
from core_lab.upload.picture_reader import PictureReader
from core_lab.upload.picture_tray import PictureTray
from dicom_node.background_loop import BackgroundLoop
from dicom_node.content_store import ContentStore
from dicom_node.ledger.ledger import Ledger
from dicom_node.receiving.inbox import Inbox
from dicom_node.settings import NodeSettings

_LOOK_SECONDS: Final = 20.0


@dataclass(frozen=True)
class UploadDesk:
    """Made once by ``app.create_app`` when the settings allow uploads; used between ``with`` and its end."""

    tray: PictureTray
    reader: PictureReader
    visits: OutgoingVisits
    _tidying: _Tidying

    @staticmethod
    def open(settings: NodeSettings, store: ContentStore, ledger: Ledger) -> UploadDesk:
        """Beside the inbox of the node that the settings name."""
        tray, reader = PictureTray(settings), PictureReader(settings.scoring)
        visits = OutgoingVisits(tray, reader, Inbox(store, ledger, settings.limits))
        return UploadDesk(tray, reader, visits, _Tidying(tray.remove_old, reader.rest, visits.finish))

    def __enter__(self) -> Self:
        self._tidying.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.reader.close()
        self._tidying.__exit__()


class _Tidying(BackgroundLoop):
    """At start and every now and then: unsent pictures go, an idle reader rests, what waits is handed over."""

    def __init__(self, *tasks: Callable[[], None]) -> None:
        super().__init__("uploads")
        self._tasks = tasks
        self._log = structlog.get_logger("upload")

    def _run(self) -> None:
        while True:
            for task in self._tasks:
                try:
                    task()
                except Exception as error:  # a disk or a ledger that is away: looked at again, for ever
                    self._log.error("uploads_wait", error=type(error).__name__)
            if self._stopping.wait(_LOOK_SECONDS):
                return
