"""What was told and when, a row for each matter and channel: a restart neither forgets nor repeats."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from dicom_node.ledger.tables import AlertRow


def note_matters(session: Session, channel: str, names: Collection[str], now: float, forget_after: float) -> None:
    """These stand now; others of the channel are settled, and forgotten a while after.

    A matter that is settled and comes up again within that time is the same one: what flickers calls once.
    """
    known = {row.matter: row for row in session.scalars(select(AlertRow).where(AlertRow.channel == channel))}
    session.add_all(
        AlertRow(matter=name, channel=channel, since=now, told_at=None, gone_at=None)
        for name in names
        if name not in known
    )
    for name, row in known.items():
        if name in names:
            row.gone_at = None
        elif row.gone_at is None:
            row.gone_at = now
    old = AlertRow.gone_at.is_not(None) & ((AlertRow.gone_at < now - forget_after) | (AlertRow.gone_at > now))
    session.execute(delete(AlertRow).where(AlertRow.channel == channel, old))


def to_tell(session: Session, channel: str, now: float, again_after: float) -> dict[str, float]:
    """Matter -> since when it stands, of those that were not told, or not for so long. A clock may be set back."""
    rows = session.scalars(select(AlertRow).where(AlertRow.channel == channel, AlertRow.gone_at.is_(None)))
    return {
        row.matter: row.since
        for row in rows
        if row.told_at is None or now - row.told_at >= again_after or row.told_at > now
    }


def last_told(session: Session, channel: str) -> float | None:
    """When the last message went out on this channel."""
    return session.scalar(select(func.max(AlertRow.told_at)).where(AlertRow.channel == channel))


def note_told(session: Session, channel: str, names: Collection[str], now: float) -> None:
    """A message with these went out."""
    for name in names:
        session.execute(
            update(AlertRow).where(AlertRow.channel == channel, AlertRow.matter == name).values(told_at=now)
        )
