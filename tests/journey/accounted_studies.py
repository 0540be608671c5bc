"""P7, of a whole ledger: every study received is scored, declined, waiting or parked, and each can show why."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dicom_node.ledger.tables import InstanceRow, JobRow, ResultRow, StudyRow, TimelineRow

_SHARE_OF: Final = {
    "delivered": "scored",
    "no_system": "declined",
    "not_evaluable": "declined",
    "receiving": "waiting",
    "complete": "waiting",
    "scoring": "waiting",
    "scored": "waiting",
    "delivering": "waiting",
    "held": "parked",
    "failed": "parked",
}


@dataclass
class Account:
    """How many studies there are of each kind, and which were forgotten: UID and what is missing."""

    received: int = 0
    scored: int = 0
    declined: int = 0
    waiting: int = 0
    parked: int = 0
    forgotten: dict[str, str] = field(default_factory=dict)


def account_for_studies(session: Session) -> Account:
    """The sum of a ledger at one moment; nothing need be at rest."""
    account = Account()
    studies = {row.study_instance_uid: row for row in session.scalars(select(StudyRow))}
    jobs: dict[str, set[str]] = defaultdict(set)
    for uid, state in session.execute(select(JobRow.study_instance_uid, JobRow.state)):
        jobs[uid].add(state)
    scored = set(session.scalars(select(ResultRow.study_instance_uid).where(ResultRow.current)))
    for uid in _received(session):
        account.received += 1
        if (study := studies.get(uid)) is None:
            account.forgotten[uid] = "its images are kept, the study is not known"
            continue
        share = _SHARE_OF[study.state]
        setattr(account, share, getattr(account, share) + 1)
        if missing := _missing(study, share, jobs[uid], has_result=uid in scored):
            account.forgotten[uid] = f"{study.state}: {missing}"
    return account


def check_account(session: Session) -> Account:
    """P7: nobody is forgotten, and the sum is right."""
    account = account_for_studies(session)
    assert account.forgotten == {}
    assert account.received == account.scored + account.declined + account.waiting + account.parked
    return account


def _received(session: Session) -> set[str]:
    """Studies of which an image came that is not an object of ours."""
    ours = {entry.detail["content_sha256"] for entry in session.scalars(_OWN_OBJECTS)}
    rows = session.execute(select(InstanceRow.study_instance_uid, InstanceRow.content_sha256))
    return {uid for uid, sha256 in rows if sha256 not in ours}


_OWN_OBJECTS: Final = select(TimelineRow).where(TimelineRow.event == "own_object")


def _missing(study: StudyRow, share: str, jobs: set[str], *, has_result: bool) -> str:
    """What a study should have, being where it is; empty when it has it."""
    if study.completed_at is None and study.state not in ("receiving", "failed"):
        return "its round was never closed"
    if share == "scored" and not has_result:
        return "there is no result"
    if share in ("declined", "parked") and not study.reasons:
        return "no reason is given"
    if study.state != "receiving" and share == "waiting" and not jobs & {"waiting", "leased"}:
        return "no job will bring it further"
    return ""
