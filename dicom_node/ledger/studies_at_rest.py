"""Studies that nobody waits for any more: what they keep may go, once it is old enough."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from dicom_node.ledger.removals import Place
from dicom_node.ledger.tables import DeliveryRow, InstanceRow, JobRow, ObjectRow, RemovalRow, ResultRow, StudyRow

_OPEN: Final = ("waiting", "leased", "held", "parked")
_ENDED_UNSENT: Final = ("replaced", "superseded", "skipped")


def studies_at_rest(session: Session, place: Place, states: Collection[str], before: float, limit: int) -> list[str]:
    """Studies whose last event was before then and that still keep something, those longest at rest first.

    At rest: in one of ``states``, no job is open, every result that stands has gone out (or takes back what never
    did), and every object is where it belongs: sent, and committed unless its destination is not asked to.
    """
    query = (
        select(StudyRow.study_instance_uid)
        .where(StudyRow.state.in_(states), StudyRow.updated_at < before, StudyRow.last_received_at < before)
        .where(~_has_open_job(), ~_has_result_at_home(), ~_has_object_on_its_way(), _keeps_something(place))
        .order_by(StudyRow.updated_at)
        .limit(limit)
    )
    return list(session.scalars(query))


def is_at_rest(session: Session, study_instance_uid: str) -> bool:
    """True while nothing of it is under way: looked at again in the transaction that decides."""
    query = select(StudyRow.study_instance_uid).where(StudyRow.study_instance_uid == study_instance_uid)
    return session.scalar(query.where(~_has_open_job(), ~_has_result_at_home(), ~_has_object_on_its_way())) is not None


def _has_open_job() -> ColumnElement[bool]:
    return exists().where(JobRow.study_instance_uid == StudyRow.study_instance_uid, JobRow.state.in_(_OPEN))


def _has_result_at_home() -> ColumnElement[bool]:
    sent = exists().where(
        ObjectRow.result_digest == ResultRow.digest,
        DeliveryRow.sop_instance_uid == ObjectRow.sop_instance_uid,
        DeliveryRow.state == "sent",
    )
    return exists().where(
        ResultRow.study_instance_uid == StudyRow.study_instance_uid, ResultRow.current, ~ResultRow.withdraws, ~sent
    )


def _has_object_on_its_way() -> ColumnElement[bool]:
    asked = exists().where(
        JobRow.kind == "commit",
        JobRow.study_instance_uid == StudyRow.study_instance_uid,
        JobRow.destination == DeliveryRow.destination,
    )
    called_off = asked.where(JobRow.state.in_(("skipped", "superseded")))
    settled = or_(
        DeliveryRow.state.in_(_ENDED_UNSENT),
        and_(DeliveryRow.state == "sent", or_(DeliveryRow.committed, called_off, ~asked)),
    )
    return exists().where(
        ResultRow.study_instance_uid == StudyRow.study_instance_uid,
        ObjectRow.result_digest == ResultRow.digest,
        DeliveryRow.sop_instance_uid == ObjectRow.sop_instance_uid,
        ~settled,
    )


def _keeps_something(place: Place) -> ColumnElement[bool]:
    """Something that was not decided on yet."""
    if place == "instances":
        named = InstanceRow.study_instance_uid == StudyRow.study_instance_uid
        return exists().where(named, ~_decided_on(place, InstanceRow.content_sha256.expression))
    named = and_(
        ResultRow.study_instance_uid == StudyRow.study_instance_uid, ResultRow.digest == ObjectRow.result_digest
    )
    return exists().where(named, ~_decided_on(place, ObjectRow.content_sha256.expression))


def _decided_on(place: Place, sha256: ColumnElement[str]) -> ColumnElement[bool]:
    return exists().where(
        RemovalRow.place == place,
        RemovalRow.content_sha256 == sha256,
        RemovalRow.study_instance_uid == StudyRow.study_instance_uid,
    )
