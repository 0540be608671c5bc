"""How much room is left below data_dir, and when it ends at the rate of the last days."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dicom_node.content_store import content_path
from dicom_node.ledger.tables import InstanceRow, ObjectRow
from dicom_node.retention_settings import DAY_SECONDS

_LOOK_BACK_DAYS: Final = 7.0
_SHORTEST_DAYS: Final = 1.0 / 24
"""What came in less than an hour says nothing of a day."""
_SAMPLE: Final = 200
_FAR_DAYS: Final = 3650.0
_NEAR_DAYS: Final = 3.0


@dataclass(frozen=True, slots=True)
class DiskForecast:
    """Room below data_dir. ``None`` where nothing came in lately, so that nothing can be foretold."""

    free_bytes: int
    mark_bytes: int
    """``[limits] free_disk_bytes``: below it instances are refused."""
    bytes_a_day: float | None
    made_at: float

    @property
    def is_full(self) -> bool:
        """True while instances are refused."""
        return self.free_bytes < self.mark_bytes

    @property
    def is_near(self) -> bool:
        """True when instances are refused within days, if it goes on like this: a person must look."""
        return self.days_to_mark is not None and self.days_to_mark < _NEAR_DAYS

    @property
    def days_to_mark(self) -> float | None:
        """Until instances are refused."""
        return self._days(self.free_bytes - self.mark_bytes)

    @property
    def days_to_full(self) -> float | None:
        """Until nothing can be written at all."""
        return self._days(self.free_bytes)

    @property
    def words(self) -> str:
        """One line for people."""
        free = f"{self.free_bytes / 1e9:.1f} GB free"
        if self.is_full:
            return f"disk: {free}, less than {self.mark_bytes / 1e9:.1f} GB: instances are refused until there is room"
        to_mark, to_full = self.days_to_mark, self.days_to_full
        if self.bytes_a_day is None or to_mark is None or to_full is None:
            return f"disk: {free}; too little came in lately to say for how long that lasts"
        rate = f"{self.bytes_a_day / 1e9:.2f} GB a day"
        if to_mark > _FAR_DAYS:
            return f"disk: {free}; at {rate} that lasts for more than ten years"
        return (
            f"disk: {free}; at {rate} instances are refused from {self._date(to_mark)} (in {to_mark:.0f} days), "
            f"and the disk is full on {self._date(to_full)}"
        )

    def _days(self, room: int) -> float | None:
        return max(0.0, room / self.bytes_a_day) if self.bytes_a_day else None

    def _date(self, days: float) -> str:
        return datetime.fromtimestamp(self.made_at + days * DAY_SECONDS, UTC).date().isoformat()


def forecast_disk(session: Session, data_dir: Path, mark_bytes: int, now: float) -> DiskForecast:
    """By what was received and written in the last seven days, or since the first image where that is less."""
    since, free = now - _LOOK_BACK_DAYS * DAY_SECONDS, shutil.disk_usage(_there(data_dir)).free
    first = session.scalar(select(InstanceRow.received_at).order_by(InstanceRow.id).limit(1))
    days = (now - max(since, first)) / DAY_SECONDS if first is not None else 0.0
    if days < _SHORTEST_DAYS:
        return DiskForecast(free, mark_bytes, None, now)
    received = session.scalar(select(func.sum(InstanceRow.bytes)).where(InstanceRow.received_at > since)) or 0
    written = _bytes_written(session, data_dir, since)
    return DiskForecast(free, mark_bytes, (received + written) / days or None, now)


def _bytes_written(session: Session, data_dir: Path, since: float) -> float:
    """Of objects, by the sizes of the newest of them."""
    number = session.scalar(select(func.count()).select_from(ObjectRow).where(ObjectRow.created_at > since)) or 0
    newest = select(ObjectRow.content_sha256).where(ObjectRow.created_at > since)
    sizes = []
    for sha256 in session.scalars(newest.order_by(ObjectRow.created_at.desc()).limit(_SAMPLE)):
        if (path := content_path(data_dir, sha256)).exists():
            sizes.append(path.stat().st_size)
    return number * sum(sizes) / len(sizes) if sizes else 0.0


def _there(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there: a node that never ran has none yet."""
    while not folder.exists():
        folder = folder.parent
    return folder
