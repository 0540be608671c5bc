"""What waits for a person, now: each matter by a name of its own, a code, and words without patient data or UIDs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import time
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dicom_node.certificate_ends import ending_certificates
from dicom_node.disk_forecast import forecast_disk
from dicom_node.ledger.audit_heads import NEWEST
from dicom_node.ledger.audit_trail import BrokenEntry, follow_chain
from dicom_node.ledger.tables import JobRow, StudyRow, TimelineRow
from dicom_node.retention_settings import DAY_SECONDS
from dicom_node.settings import NodeSettings

_HOUR_SECONDS: Final = 3600.0
_MOST: Final = 1000
"""Of one kind: more of them tell nobody more."""


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing that a person must look at."""

    name: str
    """Within the node: the same matter has the same name for as long as it stands."""
    code: str
    """Of the error (docs/errors.md), or the matter's kind in capitals."""
    words: str


def matters_now(session: Session, settings: NodeSettings) -> list[Matter]:
    """Everything that waits for a person at this moment."""
    return [
        *_parked(session),
        *_failed(session),
        *_held(session),
        *_overdue(session, settings),
        *_disk(session, settings),
        *_audit_trail(session),
        *_backup(session, settings),
        *_certificates(settings),
    ]


def _parked(session: Session) -> Iterator[Matter]:
    query = select(JobRow).where(JobRow.state == "parked").order_by(JobRow.updated_at).limit(_MOST)
    for job in session.scalars(query):
        yield Matter(f"job:{job.id}:{job.fencing}", job.error_code or "RS-350", f"a job was given up ({job.kind})")


def _failed(session: Session) -> Iterator[Matter]:
    """Studies that failed without any job that was given up."""
    parked = select(JobRow.study_instance_uid).where(JobRow.state == "parked")
    query = select(StudyRow).where(StudyRow.state == "failed", StudyRow.study_instance_uid.not_in(parked))
    for study in session.scalars(query.order_by(StudyRow.updated_at).limit(_MOST)):
        code = str(study.reasons[0]["code"]) if study.reasons else "RS-000"
        yield Matter(f"failed:{study.study_instance_uid}:{study.round}", code, "a study failed")


def _held(session: Session) -> Iterator[Matter]:
    query = select(StudyRow).where(StudyRow.state == "held").order_by(StudyRow.updated_at).limit(_MOST)
    for study in session.scalars(query):
        yield Matter(
            f"held:{study.study_instance_uid}:{study.round}", "HELD", "results are held until somebody releases them"
        )


def _overdue(session: Session, settings: NodeSettings) -> Iterator[Matter]:
    """One matter for each destination and kind of work, however many jobs wait there."""
    before = time() - settings.delivery.overdue_hours * _HOUR_SECONDS
    kinds = {"deliver": "deliveries", "commit": "requests for storage commitment"}
    query = (
        select(JobRow.kind, JobRow.destination, func.count())
        .where(JobRow.state.in_(("waiting", "leased")), JobRow.kind.in_(kinds), JobRow.created_at < before)
        .group_by(JobRow.kind, JobRow.destination)
        .order_by(JobRow.kind, JobRow.destination)
    )
    for kind, destination, number in session.execute(query):
        words = f"{number} {kinds[kind]} wait for {destination} since more than {settings.delivery.overdue_hours:g} h"
        yield Matter(f"overdue:{kind}:{destination}", "OVERDUE", words)


def _disk(session: Session, settings: NodeSettings) -> Iterator[Matter]:
    forecast = forecast_disk(session, settings.node.data_dir, settings.limits.free_disk_bytes, time())
    if forecast.is_full:
        yield Matter("disk:full", "DISK", forecast.words)
    elif forecast.is_near:
        yield Matter("disk:soon", "DISK", forecast.words)


def _audit_trail(session: Session) -> Iterator[Matter]:
    found = follow_chain(session, NEWEST)
    if isinstance(found, BrokenEntry):
        words = f"the audit trail is broken at entry {found.number}; see `rheumascore audit verify`"
        yield Matter(f"audit:{found.number}", "AUDIT", words)


def _backup(session: Session, settings: NodeSettings) -> Iterator[Matter]:
    if not settings.alerts.backup_days:
        return
    query = select(TimelineRow.at).where(
        TimelineRow.study_instance_uid.is_(None), TimelineRow.event.in_(("backup_made", "restored"))
    )
    last = session.scalar(query.order_by(TimelineRow.id.desc()).limit(1))
    if last is None or time() - last > settings.alerts.backup_days * DAY_SECONDS:
        words = f"the last backup is older than {settings.alerts.backup_days:g} days" if last else "there is no backup"
        yield Matter("backup", "BACKUP", words)


def _certificates(settings: NodeSettings) -> Iterator[Matter]:
    """Those that end soon, and those that have ended."""
    try:
        for ending in ending_certificates(settings.tls):
            name = f"certificate:{ending.certificate.sha256}:{'ended' if ending.days < 0 else 'ends'}"
            yield Matter(name, "CERTIFICATE", ending.words)
    except (OSError, ValueError) as error:
        yield Matter("certificate:unreadable", "CERTIFICATE", f"a certificate cannot be read ({type(error).__name__})")
