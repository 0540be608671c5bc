"""How full the disk is, looked at once a minute: many pages ask."""

from __future__ import annotations

from threading import Lock
from time import monotonic, time
from typing import Final

from sqlalchemy.orm import Session

from dicom_node.disk_forecast import DiskForecast, forecast_disk
from dicom_node.settings import NodeSettings

_HOLDS_SECONDS: Final = 60.0


class DiskWatch:
    """The forecast of one node's disk."""

    def __init__(self, settings: NodeSettings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._found: tuple[float, DiskForecast] | None = None

    def forecast(self, session: Session) -> DiskForecast:
        """Of the last minute."""
        with self._lock:
            now = monotonic()
            if self._found is None or now - self._found[0] > _HOLDS_SECONDS:
                settings = self._settings
                found = forecast_disk(session, settings.node.data_dir, settings.limits.free_disk_bytes, time())
                self._found = now, found
            return self._found[1]
