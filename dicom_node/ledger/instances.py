"""Instances in the ledger: what arrived, to which study, in which round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dicom_node.errors import ContentRemovedError
from dicom_node.ledger.removals import needed_again, still_missing
from dicom_node.ledger.study_progress import ROUTING_SAYS, round_is_closed, study_to_change
from dicom_node.ledger.tables import InstanceRow, ObjectRow, StudyRow
from dicom_node.ledger.timeline import change_state, record

Arrival = Literal["new", "same_bytes", "other_bytes", "own_object"]
_ACTOR = "inbox"


@dataclass(frozen=True, slots=True)
class ReceivedInstance:
    """One instance on disk: what it is, the digest of its data set, who sent it and when."""

    sop_instance_uid: str
    sop_class_uid: str
    study_instance_uid: str
    series_instance_uid: str
    transfer_syntax_uid: str
    content_sha256: str
    bytes: int
    calling_ae_title: str
    received_at: float


def add_instance(session: Session, instance: ReceivedInstance, *, says_it_is_ours: bool = False) -> Arrival:
    """Write the instance and bring its study to ``receiving``; a closed study opens its next round.

    The very same bytes again change nothing, but what retention removed is kept again. Other bytes under a known UID
    are kept beside the first. What this node wrote itself (``says_it_is_ours``, or its UID is in ``objects``) is kept,
    but opens no study: it is never scored.
    """
    query = select(InstanceRow.content_sha256).where(InstanceRow.sop_instance_uid == instance.sop_instance_uid)
    known = set(session.scalars(query))
    if instance.content_sha256 in known:
        return _keep_again(session, instance)
    session.add(_row(instance))
    study_uid, uid, sha256 = instance.study_instance_uid, instance.sop_instance_uid, instance.content_sha256
    if known:
        record(
            session,
            study_uid,
            _ACTOR,
            "other_bytes",
            "An instance came again under the same UID with other bytes; both are kept",
            sop_instance_uid=uid,
            content_sha256=sha256,
            before=sorted(known),
        )
    if says_it_is_ours or session.get(ObjectRow, uid) is not None:
        text = "An object of ours came back; it is kept and not scored"
        record(session, study_uid, _ACTOR, "own_object", text, sop_instance_uid=uid, content_sha256=sha256)
        return "own_object"
    _open_study(session, instance)
    return "other_bytes" if known else "new"


def instances_of(session: Session, study_instance_uid: str) -> list[InstanceRow]:
    """The newest row of each SOP Instance UID of a study, in order of arrival; objects of ours are left out."""
    newest = (
        select(func.max(InstanceRow.id))
        .where(InstanceRow.study_instance_uid == study_instance_uid)
        .where(InstanceRow.sop_instance_uid.not_in(select(ObjectRow.sop_instance_uid)))
        .group_by(InstanceRow.sop_instance_uid)
    )
    return list(session.scalars(select(InstanceRow).where(InstanceRow.id.in_(newest)).order_by(InstanceRow.id)))


def studies_receiving(session: Session) -> list[StudyRow]:
    """The studies that are not yet complete."""
    return list(session.scalars(select(StudyRow).where(StudyRow.state == "receiving")))


def _keep_again(session: Session, instance: ReceivedInstance) -> Arrival:
    """Known bytes: nothing happens, unless they had been removed. A study that failed for want of them goes on."""
    study_uid = instance.study_instance_uid
    if not needed_again(session, "instances", [instance.content_sha256], study_uid):
        return "same_bytes"
    left = still_missing(session, "instances", study_uid)
    record(
        session, study_uid, _ACTOR, "kept_again",
        f"An instance that had been removed came again and is kept; {left} of the study are still missing.",
        sop_instance_uid=instance.sop_instance_uid, content_sha256=instance.content_sha256,
    )  # fmt: skip
    study = session.get(StudyRow, study_uid)
    if study is None or left or ContentRemovedError.code not in {reason["code"] for reason in study.reasons}:
        return "same_bytes"
    _open_study(session, instance)
    return "new"


def _open_study(session: Session, instance: ReceivedInstance) -> None:
    now = instance.received_at
    study = study_to_change(session, instance.study_instance_uid)
    if study is None:
        study = StudyRow(
            study_instance_uid=instance.study_instance_uid,
            state="receiving",
            round=1,
            forced=False,
            first_received_at=now,
            last_received_at=now,
            updated_at=now,
            reasons=[],
        )
        session.add(study)
        change_state(session, study, "receiving", _ACTOR, f"First image, from {instance.calling_ae_title}")
    elif study.state != "receiving":
        before = study.state
        standing = [r for r in study.reasons if round_is_closed(study) and r["code"] != ROUTING_SAYS]
        study.round += 1
        study.forced, study.first_received_at, study.completed_at = False, now, None
        text = f"A late image, from {instance.calling_ae_title}; the study was {before}; round {study.round}"
        change_state(session, study, "receiving", _ACTOR, text, reasons=standing)
    study.last_received_at = study.updated_at = now


def _row(instance: ReceivedInstance) -> InstanceRow:
    return InstanceRow(
        sop_instance_uid=instance.sop_instance_uid,
        sop_class_uid=instance.sop_class_uid,
        study_instance_uid=instance.study_instance_uid,
        series_instance_uid=instance.series_instance_uid,
        transfer_syntax_uid=instance.transfer_syntax_uid,
        content_sha256=instance.content_sha256,
        bytes=instance.bytes,
        calling_ae_title=instance.calling_ae_title,
        received_at=instance.received_at,
    )
