"""Which jobs may start, and which of them first."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from dicom_node.ledger.tables import JobRow
from dicom_node.ledger.waits import LONGEST_WAIT_SECONDS

ORDINARY: Final = 0
ASKED_FOR: Final = 1
"""A person started it again, or released it."""
WITHDRAWAL: Final = 2
"""A wrong report stands somewhere until this arrives."""
_NO_WAIT_OF_OURS_SECONDS: Final = 2 * LONGEST_WAIT_SECONDS


def is_due(run_after: float, now: float) -> bool:
    """True when a job may start. A time further off than any wait of ours comes from a clock that was set back."""
    return run_after <= now or run_after > now + _NO_WAIT_OF_OURS_SECONDS


def due(column: InstrumentedAttribute[float], now: float) -> ColumnElement[bool]:
    """As ``is_due``, of a column."""
    return or_(column <= now, column > now + _NO_WAIT_OF_OURS_SECONDS)


def one_waits(session: Session, kinds: Collection[str], now: float) -> bool:
    """True when a job of one of these kinds may start and nobody has it in hand."""
    waiting = select(JobRow.id).where(JobRow.kind.in_(kinds), JobRow.state == "waiting", due(JobRow.run_after, now))
    return session.scalar(waiting.limit(1)) is not None


def by_urgency() -> tuple[Any, ...]:
    """ORDER BY: the most urgent first, of equals the one that was made first: results go in order of completion.

    What a destination has to store goes before what it has to confirm.
    """
    return JobRow.urgency.desc(), (JobRow.kind != "deliver"), JobRow.created_at
