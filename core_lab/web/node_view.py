"""What every page reads from: the ledger, the content store and the settings of one node. Nothing is written."""

from __future__ import annotations

from dataclasses import dataclass

from core_lab.web.disk_watch import DiskWatch
from core_lab.web.image_pixels import ImagePixels
from core_lab.web.study_headers import StudyHeaders
from dicom_node.content_store import ContentStore
from dicom_node.ledger.ledger import Ledger
from dicom_node.settings import NodeSettings


@dataclass(frozen=True)
class NodeView:
    """Made once by ``app.create_app`` and handed to each page's routes."""

    settings: NodeSettings
    ledger: Ledger
    store: ContentStore
    headers: StudyHeaders
    pixels: ImagePixels
    disk: DiskWatch

    @staticmethod
    def open(settings: NodeSettings) -> NodeView:
        """Open the ledger and the store that the settings name."""
        store = ContentStore(settings.node.data_dir)
        headers, pixels, disk = StudyHeaders(store), ImagePixels(store), DiskWatch(settings)
        return NodeView(settings, Ledger(settings.database_url), store, headers, pixels, disk)

    def close(self) -> None:
        """End the decoding child and give back the ledger's connections."""
        self.pixels.close()
        self.ledger.close()
