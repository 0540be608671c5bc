"""What waits for each destination, since when and why: for ``rheumascore status`` and the page. No patient data."""

from __future__ import annotations

from dataclasses import dataclass
from time import time
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dicom_node.ledger.tables import DestinationRow, JobRow

_HOUR_SECONDS: Final = 3600.0
_WORDS: Final = {"deliver": "results to deliver", "commit": "to be committed", "find": "to be found there"}


@dataclass(frozen=True, slots=True)
class WaitingRoom:
    """One destination that is away, or for which something waits; times are UTC seconds since 1970."""

    destination: str
    away_since: float | None
    reason: str
    asked_again_at: float | None
    waiting: dict[str, int]
    """Number of jobs by kind: deliver, commit, find."""
    oldest: float | None
    """When the oldest of them was made."""

    def words(self, overdue_hours: float) -> str:
        """One line for people; what waits too long is called overdue."""
        counts = ", ".join(f"{number} {_WORDS[kind]}" for kind, number in self.waiting.items()) or "nothing waits"
        hours = (time() - self.oldest) / _HOUR_SECONDS if self.oldest is not None else 0.0
        late = f", OVERDUE: the oldest waits for {hours:.1f} h" if hours > overdue_hours else ""
        away = f"is away: {self.reason} " if self.away_since is not None else "answers; "
        return f"{self.destination} {away}{counts}{late}"


def waiting_rooms(session: Session) -> list[WaitingRoom]:
    """By name; destinations that answer and for which nothing waits are left out."""
    rows = session.execute(
        select(JobRow.destination, JobRow.kind, func.count(), func.min(JobRow.created_at))
        .where(JobRow.destination.is_not(None), JobRow.state.in_(("waiting", "leased")), JobRow.kind.in_(_WORDS))
        .group_by(JobRow.destination, JobRow.kind)
    ).all()
    away = {
        row.name: row for row in session.scalars(select(DestinationRow).where(DestinationRow.away_since.is_not(None)))
    }
    names = sorted({str(name) for name, *_ in rows} | away.keys())
    found = []
    for name in names:
        state = away.get(name)
        mine = {kind: (number, oldest) for destination, kind, number, oldest in rows if destination == name}
        found.append(
            WaitingRoom(
                name,
                state.away_since if state else None,
                (state.error_text or "") if state else "",
                state.ask_after if state else None,
                {kind: mine[kind][0] for kind in _WORDS if kind in mine},
                min((oldest for _, oldest in mine.values()), default=None),
            )
        )
    return found
