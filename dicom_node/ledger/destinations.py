"""The destinations in the ledger: which of them are away, and what goes there next.

A destination that cannot be reached is asked again by one job at a time, after waits that grow. When it answers, what
waits for it goes: the most urgent first, over so many associations at once as ``[delivery]`` allows, all workers
together. Work whose subject names no destination is not concerned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from time import time
from typing import Final

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from dicom_node.ledger.due_jobs import by_urgency, due, is_due
from dicom_node.ledger.tables import DestinationRow, JobRow
from dicom_node.ledger.timeline import record
from dicom_node.ledger.waits import Waits
from scoring.errors import RheumascoreError

_TURN_LOCK: Final = 0x5268_4465
"""Key of an advisory lock of PostgreSQL."""


def note_away(session: Session, name: str, actor: str, error: RheumascoreError, waits: Waits) -> float:
    """It could not be reached, or asks us to come later. Returns for how long nothing goes there (s)."""
    row = session.get(DestinationRow, name)
    if row is None:
        row = DestinationRow(name=name, failures=0, ask_after=0.0)
        session.add(row)
    row.failures += 1
    wait = waits.after(row.failures)
    row.ask_after = time() + wait
    row.error_code, row.error_text = error.code, str(error)
    if row.away_since is None:
        row.away_since = time()
        record(session, None, actor, "destination_away", f"{name} is away: {error}", destination=name, code=error.code)
    return wait


def note_answer(session: Session, name: str, actor: str) -> None:
    """It answers: what waits for it may go."""
    row = session.get(DestinationRow, name)
    if row is None or row.away_since is None:
        return
    minutes, failures = (time() - row.away_since) / 60, row.failures
    row.failures, row.ask_after = 0, 0.0
    row.away_since = row.error_code = row.error_text = None
    record(
        session, None, actor, "destination_back",
        f"{name} answers again, after {minutes:.0f} min and {failures} attempts.", destination=name,
    )  # fmt: skip


def is_away(session: Session, name: str) -> bool:
    """True from the first failure until it answers again."""
    row = session.get(DestinationRow, name)
    return row is not None and row.away_since is not None


def ask_now(session: Session, names: Collection[str]) -> None:
    """A person wants these asked at once, whatever they failed over."""
    session.execute(update(DestinationRow).where(DestinationRow.name.in_(names)).values(ask_after=0.0))


def take_turns(session: Session) -> None:
    """Whoever picks a job for a destination waits here for the others that do, until its transaction ends.

    SQLite has one writer at a time anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _TURN_LOCK})


def next_jobs(session: Session, name: str, associations: int) -> Sequence[JobRow]:
    """What may go there now, the most urgent first; none while it is away, or has as many associations as it may.

    One association is left to deliveries: what a destination has to confirm never holds up what it has to store. Of a
    destination that is away, jobs take turns at asking, those that it did not fail over first: one object that it
    cannot bear keeps no other one waiting.
    """
    now, row = time(), session.get(DestinationRow, name)
    away = row is not None and row.away_since is not None
    if row is not None and not is_due(row.ask_after, now):
        return []
    allowed = 1 if away else associations
    leased = Counter(
        session.scalars(select(JobRow.kind).where(JobRow.destination == name, JobRow.state == "leased")).all()
    )
    free = allowed - leased.total()
    query = select(JobRow).where(JobRow.destination == name, JobRow.state == "waiting", due(JobRow.run_after, now))
    if allowed > 1 and leased.total() - leased["deliver"] >= allowed - 1:
        query = query.where(JobRow.kind == "deliver")
    order = (JobRow.postponed, *by_urgency()) if away else by_urgency()
    return session.scalars(query.order_by(*order).limit(free)).all() if free > 0 else []
