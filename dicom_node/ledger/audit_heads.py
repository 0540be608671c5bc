"""Heads of the audit trail that were noted outside the database, in ``audit_heads.txt`` of the data folder.

A chain cannot show that its newest rows were cut, or that all of it was written anew: only a head that was seen before
does. Somebody who can write both the database and this file can mend both; copy the file, or the head that ``audit
verify`` prints, to where the node's user cannot write.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dicom_node.ledger.audit_trail import BrokenEntry, Head, follow_chain, hash_of, read_head
from dicom_node.ledger.tables import TimelineRow

FILE_NAME: Final = "audit_heads.txt"
NEWEST: Final = 1000
"""How many of the newest entries, and of the noted heads, are looked at where there is no time for all."""


def check_trail(session: Session, data_dir: Path, newest: int | None = None) -> Head | BrokenEntry:
    """Follow the chain and look for every head that was noted; only so many of the newest when a number is given.

    An intact head is noted. Else returns the first entry that is wrong.
    """
    found = follow_chain(session, newest)
    noted = _noted(data_dir)
    for head in noted if newest is None else noted[-newest:]:
        if isinstance(found, BrokenEntry) and found.number <= head.number:
            break  # heads are noted in order: none of those that follow is earlier
        if hash_of(session, head.number) != head.hash:
            found = _not_there(session, head)
            break
    if isinstance(found, Head) and found.number and found not in noted[-1:]:
        _note(data_dir, found)
    return found


def holds(session: Session, head_hash: str) -> bool:
    """True when the trail once had this head."""
    return session.scalar(select(TimelineRow.id).where(TimelineRow.hash == head_hash).limit(1)) is not None


def _not_there(session: Session, head: Head) -> BrokenEntry:
    end = read_head(session).number
    if head.number > end:
        return BrokenEntry(end + 1, f"is missing: {head.number} entries were noted in {FILE_NAME}, {end} are left")
    return BrokenEntry(head.number, f"has not the hash that was noted in {FILE_NAME}: it, or what is before, is new")


def _noted(data_dir: Path) -> list[Head]:
    """What the file says; a line that a crash cut short is passed over."""
    try:
        lines = (data_dir / FILE_NAME).read_text(encoding="ascii", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    words = [line.split() for line in lines]
    return [Head(int(w[1]), w[2]) for w in words if len(w) == 3 and w[1].isdecimal() and len(w[2]) == 64]


def _note(data_dir: Path, head: Head) -> None:
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (data_dir / FILE_NAME).open("a", encoding="ascii") as file:
        file.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {head.number} {head.hash}\n")
        file.flush()
        os.fsync(file.fileno())
