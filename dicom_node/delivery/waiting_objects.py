"""What a delivery job still has to send, and what the ledger says of each object while it goes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from time import time
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dicom_node.content_store import ContentStore
from dicom_node.delivery.destination import ObjectAnswer
from dicom_node.ledger.destinations import note_answer
from dicom_node.ledger.jobs import LeasedJob
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import DeliveryRow, ObjectRow

_NOT_TO_SEND: Final = ("sent", "replaced", "superseded", "skipped")


@dataclass(frozen=True, slots=True)
class WaitingObject:
    """One object that its destination has not got yet."""

    delivery_id: int
    role: str
    form: str
    """Empty for what is the same object in every form."""
    may_be_there: bool
    """An earlier attempt ended nobody knows how."""
    content: bytes
    """A whole DICOM file."""


def read_waiting(ledger: Ledger, store: ContentStore, job_id: str) -> list[WaitingObject]:
    """In sending order: pictures, the report, further objects. Raises InstanceLostError when the store lost one."""
    with ledger.read() as session:
        rows = session.execute(
            select(DeliveryRow.id, ObjectRow.role, ObjectRow.form, DeliveryRow.may_be_there, ObjectRow.content_sha256)
            .join(ObjectRow, ObjectRow.sop_instance_uid == DeliveryRow.sop_instance_uid)
            .where(DeliveryRow.job_id == job_id, DeliveryRow.state.not_in(_NOT_TO_SEND))
            .order_by(ObjectRow.position, DeliveryRow.id)
        ).all()
    return [WaitingObject(*row[:4], store.read(row.content_sha256)) for row in rows]


def mark_under_way(ledger: Ledger, waiting: Collection[WaitingObject]) -> None:
    """From now on nobody can say that the destination has none of them, should this process die."""
    with ledger.write() as session:
        _change(session, waiting, may_be_there=True)


def mark_untried(session: Session, waiting: Collection[WaitingObject]) -> None:
    """It did not come to these: what is known of them is what was known before."""
    for known in (False, True):
        _change(session, [item for item in waiting if item.may_be_there is known], may_be_there=known)


def write_answer(ledger: Ledger, leased: LeasedJob, item: WaitingObject, answer: ObjectAnswer) -> None:
    """What the destination said about one object: if it said yes or no for good, it is there, and the others may go."""
    there = answer.verdict in ("sent", "unknown") or item.may_be_there
    state = {"sent": "sent", "never": "failed"}.get(answer.verdict, "waiting")
    with ledger.write() as session:
        session.execute(
            update(DeliveryRow)
            .where(DeliveryRow.id == item.delivery_id)
            .values(
                state=state,
                status=answer.status,
                may_be_there=there,
                attempts=DeliveryRow.attempts + 1,
                updated_at=time(),
            )
        )
        if answer.verdict in ("sent", "never"):
            note_answer(session, str(leased.subject["destination"]), leased.owner)


def end_unsent(session: Session, waiting: Sequence[WaitingObject], state: str) -> None:
    """They are not sent: ``failed``, ``replaced``, ``superseded`` or ``skipped``, as the ledger's tables say."""
    _change(session, waiting, state=state)


def _change(session: Session, waiting: Collection[WaitingObject], **values: object) -> None:
    ids = [item.delivery_id for item in waiting]
    session.execute(update(DeliveryRow).where(DeliveryRow.id.in_(ids)).values(updated_at=time(), **values))
