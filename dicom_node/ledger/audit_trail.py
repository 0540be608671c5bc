"""The rows of ``timeline`` as a chain: each holds a SHA-256 over its own content and the hash of the row before.

There is no second table: what happened is written once, and the page, ``status`` and the auditor read the same rows.
Whoever changes, removes, swaps or slips in a row breaks the chain there, and ``follow_chain`` names the place. Triggers
refuse UPDATE and DELETE; the chain tells when somebody took the triggers away. A chain whose newest rows are cut is
whole in itself: only a head that was noted elsewhere shows it (``audit_heads``).

Rows are numbered 1, 2, 3 … without gaps. They are written last in their transaction, when it holds every other lock.
On SQLite a writer is alone; on PostgreSQL they queue for one advisory lock, which ends with the transaction.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Text, cast, select, text
from sqlalchemy.orm import Session

from dicom_node.crash_points import crash_at
from dicom_node.ledger.tables import TimelineRow

BEGINNING: Final = "0" * 64
"""What stands for the hash before the first row."""
_PENDING: Final = "timeline"
_CHAIN_LOCK: Final = 0x52_48_45_55_4D  # any number that nobody else locks in this database
_PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class Head:
    """The newest row of a chain: its number, which is also how many there are, and its hash."""

    number: int = 0
    hash: str = BEGINNING


@dataclass(frozen=True, slots=True)
class BrokenEntry:
    """The first row at which a chain does not hold, and what is wrong there."""

    number: int
    words: str


def note_entry(session: Session, row: TimelineRow) -> None:
    """Have a row written at the end of this transaction."""
    session.info.setdefault(_PENDING, []).append(row)


def write_entries(session: Session) -> None:
    """Number, chain and write the rows that were noted; the last thing before the commit."""
    rows: list[TimelineRow] = session.info.pop(_PENDING, [])
    if not rows:
        return
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK})
    head = read_head(session)
    for row in rows:
        row.id = head.number + 1
        row.detail = json.loads(json.dumps(row.detail))  # as it will be read
        row.hash = entry_hash(
            head.hash, row.id, row.at, row.study_instance_uid, row.actor, row.event, row.text, row.detail
        )
        head = Head(row.id, row.hash)
    session.add_all(rows)
    session.flush()
    crash_at("act_and_entry_not_committed")


def entry_hash(
    before: str,
    number: int,
    at: float,
    study_instance_uid: str | None,
    actor: str,
    event: str,
    words: str,
    detail: dict[str, Any],
) -> str:
    """SHA-256 in hex over the hash before and the row as one JSON array: ASCII, keys sorted, no blanks.

    Rows that were ever written hold such hashes: this form is never changed.
    """
    content = [before, number, at, study_instance_uid, actor, event, words, detail]
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":"), default=repr).encode()).hexdigest()


def read_head(session: Session) -> Head:
    """The newest row as it stands, unchecked."""
    newest = session.execute(select(TimelineRow.id, TimelineRow.hash).order_by(TimelineRow.id.desc()).limit(1)).first()
    return Head(*newest) if newest else Head()


def hash_of(session: Session, number: int) -> str | None:
    """The hash that the row of this number holds; None when there is no such row."""
    return BEGINNING if number == 0 else session.scalar(select(TimelineRow.hash).where(TimelineRow.id == number))


def follow_chain(session: Session, newest: int | None = None) -> Head | BrokenEntry:
    """Check each row, or only so many of the newest. The head when all hold, else the first that does not."""
    end = read_head(session)
    head = Head()
    if newest is not None and end.number > newest:
        number = end.number - newest
        head = Head(number, hash_of(session, number) or "")
    for number, stored, content in _rows_after(session, head.number):
        if number != head.number + 1:
            return BrokenEntry(head.number + 1, f"is missing; the next is {number}")
        if content is None:
            return BrokenEntry(number, "has a detail that is no JSON: it was changed")
        if stored != entry_hash(head.hash, number, *content):
            return BrokenEntry(
                number, "does not match its hash: it, its hash or its place was changed, or the entry before it"
            )
        head = Head(number, stored)
    return head


def _rows_after(session: Session, number: int) -> Iterator[tuple[int, str, tuple[Any, ...] | None]]:
    """(number, hash, content or None where its detail cannot be read), in order."""
    columns = (TimelineRow.at, TimelineRow.study_instance_uid, TimelineRow.actor, TimelineRow.event, TimelineRow.text)
    query = select(TimelineRow.id, TimelineRow.hash, cast(TimelineRow.detail, Text), *columns)
    while True:
        page = session.execute(query.where(TimelineRow.id > number).order_by(TimelineRow.id).limit(_PAGE)).all()
        for number, stored, detail, *content in page:
            try:
                yield number, stored, (*content, json.loads(detail))
            except (TypeError, ValueError):
                yield number, stored, None
        if not page:
            return
