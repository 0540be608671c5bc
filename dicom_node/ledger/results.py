"""Stored results: the current one of a study and system, what it replaces, and the visit that it is compared with."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from time import time

from pydicom.dataset import Dataset
from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.removals import name_arrays
from dicom_node.ledger.second_opinions import opinions_on
from dicom_node.ledger.superseding import end_unfinished_jobs
from dicom_node.ledger.tables import DeliveryRow, JobRow, ObjectRow, ResultRow
from dicom_node.ledger.timeline import record
from scoring.errors import ResultError
from scoring.result import PriorObject, PriorResult, ProtocolUse, ScoreResult
from sr_templates.uids import subject_uid


@dataclass(frozen=True, slots=True)
class Visit:
    """Whose study it is and of which day, as far as its header says; by this the baseline is found."""

    subject: str | None = None
    """A hash; None when the header names only the study."""
    study_date: str = ""
    """YYYYMMDD, or empty."""


def read_visit(header: Dataset) -> Visit:
    """The visit of a study by the header of one of its images."""
    date = str(header.get("StudyDate") or "").strip()
    return Visit(subject_uid(header), date if len(date) == 8 and date.isdigit() and date.isascii() else "")


def is_current(ledger: Ledger, digest: str) -> bool:
    """False when a later result of the study stands, or this one was withdrawn."""
    with ledger.read() as session:
        return bool(session.scalar(select(ResultRow.current).where(ResultRow.digest == digest)))


def current_results(session: Session, study_instance_uid: str, system: str | None = None) -> list[ResultRow]:
    """The results of a study that stand, of one system or of all."""
    query = select(ResultRow).where(ResultRow.study_instance_uid == study_instance_uid, ResultRow.current)
    if system is not None:
        query = query.where(ResultRow.system == system)
    return list(session.scalars(query.order_by(ResultRow.system, ResultRow.created_at)))


def keep_result(session: Session, result: ScoreResult, visit: Visit, job_id: str, actor: str) -> ScoreResult:
    """Store a result as the current one of its study and system.

    Returns it with its baseline, its predecessor, and what other systems' current results say of the same images.
    What waits of the former result is ended: nothing that no longer holds is sent.
    """
    if not result.withdraws:
        result = replace(result, baseline=find_baseline(session, result, visit))
    for former in current_results(session, result.study_instance_uid, result.system):
        former.current = False
        result = result.succeeding(as_predecessor(session, former))
        end_unfinished_jobs(session, former.study_instance_uid, former.digest, actor)
        record(
            session, result.study_instance_uid, actor, "superseded",
            f"An earlier result of {result.system} is replaced by its successor.", result=former.digest,
        )  # fmt: skip
    result = replace(result, second_opinions=opinions_on(session, result))
    session.add(
        ResultRow(
            digest=result.digest,
            study_instance_uid=result.study_instance_uid,
            system=result.system,
            weights_digest=result.weights_digest,
            job_id=job_id,
            evaluable=result.not_evaluable is None,
            current=True,
            withdraws=result.withdraws,
            subject=visit.subject,
            study_date=visit.study_date,
            content=result.to_json(),
            created_at=time(),
        )
    )
    record(
        session, result.study_instance_uid, actor, "result_kept",
        f"A result of {result.system} stands{', which withdraws the one before' if result.withdraws else ''}.",
        system=result.system, system_version=result.system_version, result=result.digest,
        weights_digest=result.weights_digest, weights={use.file: use.sha256 for use in result.weights},
        software=result.engine.software, **_ruled_by(result.protocol),
    )  # fmt: skip
    name_arrays(session, result.digest, result.study_instance_uid, result.arrays)
    session.flush()
    return result


def _ruled_by(protocol: ProtocolUse | None) -> dict[str, dict[str, str]]:
    return {"protocol": {protocol.name: protocol.sha256}} if protocol else {}


def as_predecessor(session: Session, former: ResultRow) -> PriorResult:
    """How a successor names a result: with the objects that stand at any destination, of it or of the one before.

    The one before counts where a destination has that and not this: there it is what must be corrected.
    """
    own = _objects(session, former.digest, gone_out=True)
    before = _objects_before(former)
    overtaken = destinations_with(session, before) <= destinations_with(session, own)
    return _as_prior(former, own if overtaken else (*before, *own))


def destinations_with(session: Session, objects: tuple[PriorObject, ...]) -> set[str]:
    """Names of the destinations that have one of these, or may have it."""
    uids = [o.sop_instance_uid for o in objects]
    return set(session.scalars(_gone_out(DeliveryRow.destination).where(DeliveryRow.sop_instance_uid.in_(uids))))


def find_baseline(session: Session, result: ScoreResult, visit: Visit) -> PriorResult | None:
    """The result of the same subject's first visit before this one, by the same system; None when there is none.

    None also when the header names no subject or no date, and when two studies of that first day compete.
    """
    if visit.subject is None or not visit.study_date:
        return None
    rows = session.scalars(
        select(ResultRow)
        .where(
            ResultRow.subject == visit.subject,
            ResultRow.system == result.system,
            ResultRow.study_instance_uid != result.study_instance_uid,
            ResultRow.current,
            ResultRow.evaluable,
            ResultRow.study_date != "",
            ResultRow.study_date < visit.study_date,
        )
        .order_by(ResultRow.study_date)
        .limit(2)
    ).all()
    if not rows or len({row.study_date for row in rows}) < len(rows):
        return None
    return _as_prior(rows[0], _objects(session, rows[0].digest, gone_out=False))


def _as_prior(row: ResultRow, objects: tuple[PriorObject, ...]) -> PriorResult:
    """How a later result refers to this one, by what stands in results of every schema."""
    return PriorResult(row.digest, row.study_instance_uid, str(json.loads(row.content)["scored_at"]), objects)


def _objects_before(row: ResultRow) -> tuple[PriorObject, ...]:
    """The objects of the result that this one replaced; one stored by an earlier version names none."""
    try:
        before = ScoreResult.from_json(row.content).predecessor
    except ResultError:
        return ()
    return before.objects if before else ()


def _objects(session: Session, digest: str, *, gone_out: bool) -> tuple[PriorObject, ...]:
    """The objects written from a result, in sending order; ``gone_out``: only those that a destination may have."""
    query = select(ObjectRow).where(ObjectRow.result_digest == digest)
    if gone_out:
        query = query.where(ObjectRow.sop_instance_uid.in_(_gone_out(DeliveryRow.sop_instance_uid)))
    rows = session.scalars(query.order_by(ObjectRow.position, ObjectRow.form))
    return tuple(
        PriorObject(row.role, row.form, row.sop_class_uid, row.sop_instance_uid, row.series_instance_uid)
        for row in rows
    )


def _gone_out(column: InstrumentedAttribute[str]) -> Select[str]:
    """Deliveries that arrived, that may have, or that a worker has in hand at this moment."""
    in_hand = and_(JobRow.state == "leased", DeliveryRow.state == "waiting")
    return select(column).join(JobRow, JobRow.id == DeliveryRow.job_id).where(or_(DeliveryRow.may_be_there, in_hand))
