"""What was found at its destination by a query, in the ledger: the last proof of a delivery, where it is asked for."""

from __future__ import annotations

from collections.abc import Collection
from time import time
from typing import Any, Final

from sqlalchemy import update
from sqlalchemy.orm import Session

from dicom_node.ledger.jobs import LeasedJob, add_job, wait_again
from dicom_node.ledger.stored_objects import stored_objects
from dicom_node.ledger.tables import DeliveryRow, ObjectRow

_HELD_ALREADY: Final = 0x0111
"""Duplicate SOP Instance: it has something under this UID. That it is this object is worth a look."""


def add_find_job(session: Session, before: LeasedJob, *, always: bool) -> None:
    """After a delivery, or its commitment: have the destination queried for what it stored and we did not see yet.

    ``always``: as the settings say. Without it only where it said that it held an object already and did not commit it.
    """
    doubtful = [row for row, _ in unseen(session, before.subject) if row.status == _HELD_ALREADY and not row.committed]
    if not (always or doubtful):
        return
    destination, digest = str(before.subject["destination"]), str(before.subject["result"])
    subject = {"system": before.subject["system"], "result": digest, "destination": destination}
    job = add_job(session, "find", f"find:{destination}:{digest}", before.study_instance_uid, subject)
    if job.state in ("waiting", "done", "skipped"):
        wait_again(job)


def unseen(session: Session, subject: dict[str, Any]) -> list[tuple[DeliveryRow, ObjectRow]]:
    """What of a job's result its destination has stored, and no query found there."""
    return stored_objects(session, subject, DeliveryRow.seen_at.is_(None))


def keep_seen(session: Session, destination: str, sop_instance_uids: Collection[str]) -> None:
    """A query found these there."""
    there = update(DeliveryRow).where(
        DeliveryRow.destination == destination, DeliveryRow.sop_instance_uid.in_(sop_instance_uids)
    )
    session.execute(there.values(seen_at=time()))
