"""Where every study is and why: the one answer that ``rheumascore status --json`` prints and the page shows.

Each item is plain JSON (docs of the outside: interface). Times are UTC, ISO 8601 with milliseconds. No patient data.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dicom_node.delivery.accepted_forms import FormChoice, noticed_forms
from dicom_node.delivery.waiting_room import WaitingRoom, waiting_rooms
from dicom_node.ledger.removals import removed_counts
from dicom_node.ledger.tables import DeliveryRow, InstanceRow, JobRow, ObjectRow, ResultRow, StudyRow, TimelineRow
from dicom_node.ledger.timeline import timeline_of

STATES: Final = (
    "receiving",
    "complete",
    "scoring",
    "scored",
    "held",
    "delivering",
    "delivered",
    "not_evaluable",
    "no_system",
    "failed",
)
"""Every state of a study, in the order of its journey."""

_LEAST_FAR: Final = ("failed", "held", "waiting", "sent")
_PROOFS: Final = ("", "sent", "confirmed", "committed", "seen")
_NOT_SENT_FOR_GOOD: Final = ("replaced", "superseded", "skipped")
_COMMITMENT: Final = {
    "waiting": "asked for",
    "leased": "asked for",
    "held": "asked for",
    "done": "asked for",
    "parked": "refused",
    "superseded": "no longer asked for",
    "skipped": "not offered",
}
_OF_A_DESTINATION: Final = {
    "refused": "does not commit what it stored",
    "not offered": "does not offer storage commitment",
    "asked for": "is asked to commit",
    "committed": "has committed everything",
}
"""The first that is true of one of its objects."""
_NONE_REMOVED: Final = (0, 0.0)
_BATCH: Final = 500  # studies asked for in one query: databases cap the values of an IN
Status = dict[str, Any]
_Rows = dict[str, list[Any]]


def study_statuses(session: Session, *, state: str | None = None, limit: int | None = None) -> list[Status]:
    """One item per study, the latest received first; ``state`` keeps only the studies in it."""
    query = select(StudyRow).order_by(StudyRow.last_received_at.desc(), StudyRow.study_instance_uid)
    if state is not None:
        query = query.where(StudyRow.state == state)
    studies = list(session.scalars(query.limit(limit)))
    return [status for n in range(0, len(studies), _BATCH) for status in _statuses(session, studies[n : n + _BATCH])]


def study_status(session: Session, study_instance_uid: str) -> Status | None:
    """One study with its ``timeline`` and ``jobs``; None when the ledger does not know it."""
    study = session.get(StudyRow, study_instance_uid)
    if study is None:
        return None
    [status] = _statuses(session, [study])
    status["jobs"] = [_job(job) for job in _of_studies(session, JobRow, [study_instance_uid])[study_instance_uid]]
    status["timeline"] = [_event(row) for row in timeline_of(session, study_instance_uid)]
    return status


def state_counts(session: Session) -> dict[str, int]:
    """How many studies are in each state; states with none are there with 0."""
    rows = session.execute(select(StudyRow.state, func.count().label("number")).group_by(StudyRow.state))
    counted = {row.state: row.number for row in rows}
    return {state: counted.get(state, 0) for state in STATES}


def ledger_version(session: Session) -> str:
    """Changes with every instance that arrives and everything that happens to a study: equal texts, nothing new."""
    newest = (session.scalar(select(func.max(table.id))) for table in (TimelineRow, InstanceRow))
    return "-".join(str(number or 0) for number in newest)


def timestamp(seconds: float | None) -> str | None:
    """A time of the ledger as ISO 8601, UTC."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _statuses(session: Session, studies: Sequence[StudyRow]) -> list[Status]:
    uids = [s.study_instance_uid for s in studies]
    jobs = _of_studies(session, JobRow, uids)
    results = _of_studies(session, ResultRow, uids)
    objects = _by(
        "result_digest",
        session.scalars(
            select(ObjectRow)
            .join(ResultRow, ResultRow.digest == ObjectRow.result_digest)
            .where(ResultRow.study_instance_uid.in_(uids), ResultRow.current)
            .order_by(ObjectRow.position)
        ),
    )
    deliveries = _by(
        "sop_instance_uid",
        session.scalars(
            select(DeliveryRow)
            .join(ObjectRow, ObjectRow.sop_instance_uid == DeliveryRow.sop_instance_uid)
            .join(ResultRow, ResultRow.digest == ObjectRow.result_digest)
            .where(ResultRow.study_instance_uid.in_(uids), ResultRow.current)
            .order_by(DeliveryRow.id)
        ),
    )
    instances, forms = _instance_counts(session, uids), noticed_forms(session)
    removed = removed_counts(session, uids)
    away = {room.destination: room for room in waiting_rooms(session)}
    statuses = []
    for study in studies:
        uid = study.study_instance_uid
        asked = _commitments(jobs[uid])
        current = [_result(row, objects, deliveries, asked) for row in results[uid] if row.current]
        statuses.append(
            {
                "study_instance_uid": uid,
                "state": study.state,
                "reasons": study.reasons,
                "forced": study.forced,
                "round": study.round,
                "instances": instances[uid] - removed.get((uid, "instances"), _NONE_REMOVED)[0],
                "removed": {
                    place: {"number": removed[uid, place][0], "at": timestamp(removed[uid, place][1])}
                    for place in ("instances", "content")
                    if (uid, place) in removed
                },
                "systems": _systems(jobs[uid], current),
                "results": current,
                "destinations": _destinations(current, forms, away),
                "received_at": timestamp(study.first_received_at),
                "last_image_at": timestamp(study.last_received_at),
                "completed_at": timestamp(study.completed_at),
                "updated_at": timestamp(study.updated_at),
                "seconds_to_report": _seconds_to_report(study, current, objects, deliveries),
            }
        )
    return statuses


def _result(row: ResultRow, objects: _Rows, deliveries: _Rows, asked: Mapping[tuple[str, str], str]) -> Status:
    content = json.loads(row.content)
    written = objects[row.digest]
    return {
        "system": row.system,
        "digest": row.digest,
        "weights_sha256": row.weights_digest,
        "evaluable": row.evaluable,
        "withdrawn": row.withdraws,
        "not_evaluable": content["not_evaluable"],
        "demonstration": any(w["demonstration"] for w in content["weights"]),
        "statement": content["statement"],
        "total": _grand_total(content["totals"]),
        "counted": "pictures" if any(item.get("picture") for item in content["items"]) else "sites",
        "scored_at": content["scored_at"],
        "predecessor": _predecessor(content["predecessor"]),
        "sop_instance_uids": [o.sop_instance_uid for o in written],
        "deliveries": [
            _delivery(d, o, asked.get((row.digest, d.destination), ""))
            for o in written
            for d in deliveries[o.sop_instance_uid]
        ],
    }


def _predecessor(named: Status | str | None) -> str | None:
    """The digest of the result before; the first schema held nothing else."""
    return named["digest"] if isinstance(named, dict) else named


def _grand_total(totals: list[Status]) -> Status | None:
    """The total that rests on the most planned sites; of equals the last."""
    return max(enumerate(totals), key=lambda n: (n[1]["planned"], n[0]))[1] if totals else None


def _commitments(jobs: Iterable[JobRow]) -> dict[tuple[str, str], str]:
    """Digest of the result and destination -> how storage commitment stands there, in words."""
    return {
        (str(job.subject["result"]), str(job.subject["destination"])): _COMMITMENT[job.state]
        for job in jobs
        if job.kind == "commit"
    }


def _delivery(row: DeliveryRow, written: ObjectRow, asked: str) -> Status:
    return {
        "destination": row.destination,
        "sop_instance_uid": row.sop_instance_uid,
        "role": written.role,
        "form": written.form,
        "state": row.state,
        "status": None if row.status is None else f"0x{row.status:04X}",
        "committed": row.committed,
        "commitment": "committed" if row.committed else asked if row.state == "sent" else "",
        "seen": row.seen_at is not None,
        "proof": _proof(row),
        "attempts": row.attempts,
        "updated_at": timestamp(row.updated_at),
    }


def _proof(row: DeliveryRow) -> str:
    """How far it is proven that the destination has it: sent, confirmed, committed, seen; empty: it never left."""
    if row.seen_at is not None:
        return "seen"
    if row.committed:
        return "committed"
    if row.state == "sent":
        return "confirmed"
    return "sent" if row.may_be_there else ""


def _destinations(
    results: list[Status], forms: Mapping[str, FormChoice], away: Mapping[str, WaitingRoom]
) -> list[Status]:
    """What goes to each destination: the form, why that one, the state of what is least far, and whether it answers."""
    by_name: dict[str, list[Status]] = defaultdict(list)
    for result in results:
        for delivery in result["deliveries"]:
            if delivery["state"] not in _NOT_SENT_FOR_GOOD:
                by_name[delivery["destination"]].append(delivery)
    return [
        {
            "destination": name,
            "form": (form := next((d["form"] for d in rows if d["role"] == "report"), "pictures")),
            "reason": forms[name].reason if name in forms and forms[name].form == form else "",
            "state": min((d["state"] for d in rows), key=_LEAST_FAR.index),
            "commitment": _commitment({d["commitment"] for d in rows}),
            "proof": min((d["proof"] for d in rows), key=_PROOFS.index),
            "away_since": timestamp(away[name].away_since) if name in away else None,
        }
        for name, rows in sorted(by_name.items())
    ]


def _commitment(words: set[str]) -> str:
    """Of a destination, by the words at its objects; empty when it was never asked."""
    return next((sentence for word, sentence in _OF_A_DESTINATION.items() if word in words), "")


def _seconds_to_report(study: StudyRow, results: list[Status], objects: _Rows, deliveries: _Rows) -> float | None:
    """From the last image to the last object in the last destination; None while anything is still on its way.

    A withdrawal does not follow from an image, so it has no such time.
    """
    rows = [
        d for r in results if not r["withdrawn"] for o in objects[r["digest"]] for d in deliveries[o.sop_instance_uid]
    ]
    rows = [d for d in rows if d.state not in _NOT_SENT_FOR_GOOD]
    if not rows or any(d.state != "sent" for d in rows):
        return None
    seconds: float = max(d.updated_at for d in rows) - study.last_received_at
    return round(max(0.0, seconds), 3)


def _systems(jobs: list[JobRow], results: list[Status]) -> list[str]:
    asked = [str(job.subject["system"]) for job in jobs if "system" in job.subject]
    return sorted({*asked, *(r["system"] for r in results)})


def _job(row: JobRow) -> Status:
    return {
        "id": row.id,
        "kind": row.kind,
        "state": row.state,
        "attempts": row.attempts,
        "error_code": row.error_code,
        "error_text": row.error_text,
        "run_after": timestamp(row.run_after or None),
        "updated_at": timestamp(row.updated_at),
    }


def _event(row: TimelineRow) -> Status:
    return {
        "at": timestamp(row.at),
        "actor": row.actor,
        "event": row.event,
        "text": row.text,
        "detail": row.detail,
    }


def _instance_counts(session: Session, uids: Sequence[str]) -> Counter[str]:
    rows = session.execute(
        select(InstanceRow.study_instance_uid, func.count().label("number"))
        .where(InstanceRow.study_instance_uid.in_(uids))
        .group_by(InstanceRow.study_instance_uid)
    )
    return Counter({row.study_instance_uid: row.number for row in rows})


def _of_studies(session: Session, table: type[JobRow] | type[ResultRow], uids: Sequence[str]) -> _Rows:
    query = select(table).where(table.study_instance_uid.in_(uids)).order_by(table.created_at)
    return _by("study_instance_uid", session.scalars(query))


def _by(key: str, rows: Iterable[Any]) -> _Rows:
    grouped: _Rows = defaultdict(list)
    for row in rows:
        grouped[getattr(row, key)].append(row)
    return grouped
