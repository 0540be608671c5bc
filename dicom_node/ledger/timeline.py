"""What happened: written by whoever acts, in the same transaction as the act; read by status, page and auditor."""

from __future__ import annotations

from collections.abc import Sequence
from time import time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dicom_node.ledger.audit_trail import note_entry
from dicom_node.ledger.tables import StudyRow, TimelineRow


def record(session: Session, study_instance_uid: str | None, actor: str, event: str, text: str, **detail: Any) -> None:
    """Add one row when the transaction ends.

    ``text`` is for people and holds no patient data; ``detail`` holds ids, codes and numbers.
    """
    note_entry(
        session,
        TimelineRow(
            at=time(), study_instance_uid=study_instance_uid, actor=actor, event=event, text=text, detail=detail
        ),
    )


def change_state(
    session: Session,
    study: StudyRow,
    state: str,
    actor: str,
    text: str,
    reasons: Sequence[dict[str, str]] | None = None,
    **detail: Any,
) -> None:
    """Move a study to a state and record it. ``reasons`` replaces what stood there: [{code, text, system}]."""
    study.state, study.updated_at = state, time()
    if reasons is not None:
        study.reasons = [dict(r) for r in reasons]
    record(session, study.study_instance_uid, actor, state, text, **detail)


def timeline_of(session: Session, study_instance_uid: str) -> list[TimelineRow]:
    """All rows of a study, oldest first."""
    query = select(TimelineRow).where(TimelineRow.study_instance_uid == study_instance_uid).order_by(TimelineRow.id)
    return list(session.scalars(query))
