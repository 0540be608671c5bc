"""Marks past which an instance is refused for now (0xA700): bytes half received, and work that waits to be done."""

from __future__ import annotations

import threading
from time import monotonic
from typing import Final

from sqlalchemy import func, select

from dicom_node.errors import LedgerBusyError
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import JobRow

_COUNT_HOLDS_SECONDS: Final = 5.0


class BytesInFlight:
    """Bytes of instances that are not whole yet, of all associations together."""

    def __init__(self, mark: int) -> None:
        self._mark, self._taken = mark, 0
        self._lock = threading.Lock()

    def take(self, number: int) -> bool:
        """So many more; False, and nothing taken, when that would be past the mark."""
        with self._lock:
            if self._taken + number > self._mark:
                return False
            self._taken += number
            return True

    def give_back(self, number: int) -> None:
        """So many are on disk under their name, or were thrown away."""
        with self._lock:
            self._taken -= number


class WaitingJobs:
    """How long the queue is, counted anew every few seconds when somebody asks."""

    def __init__(self, ledger: Ledger, mark: int) -> None:
        self._ledger, self._mark = ledger, mark
        self._past, self._counted_at = False, float("-inf")
        self._lock = threading.Lock()

    @property
    def past_mark(self) -> bool:
        """True when more jobs wait than may. A ledger that is away is no answer: whoever writes to it says so."""
        with self._lock:
            now = monotonic()
            if now - self._counted_at > _COUNT_HOLDS_SECONDS:
                self._counted_at = now
                try:
                    self._past = self._count() > self._mark
                except LedgerBusyError:
                    self._past = False
            return self._past

    def _count(self) -> int:
        some = select(JobRow.id).where(JobRow.state == "waiting").limit(self._mark + 1).subquery()
        with self._ledger.read() as session:
            return session.scalar(select(func.count()).select_from(some)) or 0
