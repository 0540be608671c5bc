"""One result to one destination: pictures first, then the report; every status read and written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from time import time

from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from sqlalchemy import select, update

from dicom_node.content_store import ContentStore
from dicom_node.delivery.destination import Destination, ObjectAnswer, OpenDestination, OutgoingObject
from dicom_node.delivery.outbox import deliveries_to
from dicom_node.delivery.part10_bytes import as_implicit, read_part10
from dicom_node.delivery.store_scu import open_association
from dicom_node.delivery.study_progress import settle_study
from dicom_node.errors import DestinationAwayError, DestinationBusyError, DestinationRefusesError, TransientError
from dicom_node.ledger.job_failures import waiting_seconds
from dicom_node.ledger.job_restarts import hasten, hold_back
from dicom_node.ledger.jobs import LeasedJob, finish
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import DeliveryRow, ObjectRow
from dicom_node.ledger.timeline import record
from dicom_node.settings import NodeSettings


@dataclass(frozen=True, slots=True)
class _Waiting:
    """One object that this destination has not got yet."""

    delivery_id: int
    role: str
    outgoing: OutgoingObject


def deliver_results(settings: NodeSettings, ledger: Ledger, store: ContentStore, leased: LeasedJob) -> None:
    """Send what the destination has not got yet, and end the job when it has everything.

    Raises DestinationAwayError or DestinationBusyError when it must be tried later (then everything for this
    destination waits, so that one that hangs does not hold every thread), DestinationRefusesError when a person must
    look; objects that it takes have gone by then.
    """
    peer = settings.peer(str(leased.subject["destination"]))
    waiting = _read_waiting(ledger, store, leased)
    destination: Destination = partial(open_association, peer, settings.node.ae_title)
    prefix = deliveries_to(peer.name)
    if not waiting:  # a worker died between the last answer and the end of the job
        _finish(ledger, leased, peer.name, 0)
        return
    try:
        with destination(_kinds(waiting)) as way:
            refused = [text for item in waiting if (text := _send(ledger, way, item, peer.name)) is not None]
            if not refused:
                _finish(ledger, leased, peer.name, len(waiting))
    except TransientError:
        with ledger.write() as session:
            hold_back(session, prefix, time() + waiting_seconds(leased.postponed + 1))
        raise
    except DestinationRefusesError:
        _mark_refused(ledger, waiting)
        raise
    if refused:
        raise DestinationRefusesError(
            f"{peer.name} refused {len(refused)} of {len(waiting)} objects: {'; '.join(dict.fromkeys(refused))}. "
            "Mend it there, then `rheumascore requeue --dead`."
        )


def _read_waiting(ledger: Ledger, store: ContentStore, leased: LeasedJob) -> list[_Waiting]:
    with ledger.read() as session:
        rows = session.execute(
            select(DeliveryRow.id, ObjectRow.role, ObjectRow.content_sha256)
            .join(ObjectRow, ObjectRow.sop_instance_uid == DeliveryRow.sop_instance_uid)
            .where(DeliveryRow.job_id == leased.id, DeliveryRow.state != "sent")
            .order_by(ObjectRow.position)
        ).all()
    return [_Waiting(number, role, read_part10(store.read(digest))) for number, role, digest in rows]


def _kinds(waiting: Sequence[_Waiting]) -> frozenset[tuple[str, str]]:
    """What to offer: the objects as they are, and in the transfer syntax that every peer must take (PS3.5 10.1)."""
    kinds = {(w.outgoing.sop_class_uid, w.outgoing.transfer_syntax_uid) for w in waiting}
    return frozenset(kinds | {(sop_class, str(ImplicitVRLittleEndian)) for sop_class, _ in kinds})


def _send(ledger: Ledger, way: OpenDestination, item: _Waiting, name: str) -> str | None:
    """Send one object and write down the answer. Returns why it was refused; None when it was stored.

    Raises DestinationBusyError and DestinationAwayError: then nothing more goes on this way.
    """
    outgoing = item.outgoing
    explicit = outgoing.transfer_syntax_uid == ExplicitVRLittleEndian
    if explicit and not way.accepts(outgoing.sop_class_uid, outgoing.transfer_syntax_uid):
        outgoing = as_implicit(outgoing)
    answer = way.send(outgoing)
    _write_down(ledger, item, answer)
    if answer.verdict == "later":
        raise DestinationBusyError(f"{name} asks to come again later: {answer.text}.")
    if answer.verdict == "unknown":
        raise DestinationAwayError(f"{answer.text}; the same object is sent again.")
    return f"{item.role}: {answer.text}" if answer.verdict == "never" else None


def _write_down(ledger: Ledger, item: _Waiting, answer: ObjectAnswer) -> None:
    state = {"sent": "sent", "never": "failed"}.get(answer.verdict, "waiting")
    with ledger.write() as session:
        session.execute(
            update(DeliveryRow)
            .where(DeliveryRow.id == item.delivery_id)
            .values(state=state, status=answer.status, attempts=DeliveryRow.attempts + 1, updated_at=time())
        )


def _mark_refused(ledger: Ledger, waiting: Sequence[_Waiting]) -> None:
    """The peer would not even talk to us: each object says so."""
    with ledger.write() as session:
        session.execute(
            update(DeliveryRow)
            .where(DeliveryRow.id.in_([item.delivery_id for item in waiting]))
            .values(state="failed", updated_at=time())
        )


def _finish(ledger: Ledger, leased: LeasedJob, name: str, objects: int) -> None:
    """End the job before the association is released: a peer that hangs then delays nothing."""
    with ledger.write() as session:
        finish(session, leased)
        record(
            session, leased.study_instance_uid, leased.owner, "stored_at_destination",
            f"{name} has stored {objects} objects.", destination=name, job=leased.id,
        )  # fmt: skip
        settle_study(session, leased.study_instance_uid, leased.owner)
        hasten(session, deliveries_to(name))
