"""A wrong report is taken back: a successor without scores says so, everywhere the report has gone. Nothing is deleted.

Written into the ledger alone, so that it works whether the node runs or not: the relay finds the jobs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import time
from typing import Final
from uuid import uuid4

from sqlalchemy.orm import Session

from dicom_node.delivery.report_jobs import add_report_jobs
from dicom_node.errors import WithdrawalError
from dicom_node.ledger.job_failures import add_reason
from dicom_node.ledger.results import Visit, current_results, destinations_with, keep_result
from dicom_node.ledger.study_progress import jobs_decide, settle_study, study_to_change, waits_for_a_person
from dicom_node.ledger.tables import JobRow, ResultRow, StudyRow
from dicom_node.ledger.timeline import change_state, record
from dicom_node.settings import NodeSettings
from scoring.result import NotEvaluable, ScoreResult
from sr_templates import codes

LONGEST_REASON: Final = 1000


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """One result that was taken back."""

    system: str
    withdrawn: str
    """Digest of the result that holds no longer."""
    successor: str
    told: tuple[str, ...]
    """Destinations that have it or may have it: each is sent the withdrawal."""
    unreachable: tuple[str, ...]
    """Destinations that have it but are no longer in node.toml: a person must tell them."""


def read_reason(text: str) -> str:
    """The reason on one line; WithdrawalError when it is empty, too long, or not text."""
    words = " ".join(text.split())
    if not 1 <= len(words) <= LONGEST_REASON or not words.isprintable():
        raise WithdrawalError(
            f"The reason has {len(words)} characters; wanted are 1 to {LONGEST_REASON} printable ones."
        )
    return words


def withdraw_study(
    session: Session,
    settings: NodeSettings,
    study_instance_uid: str,
    reason: str,
    now: datetime,
    actor: str,
    system: str | None = None,
) -> list[Withdrawal]:
    """Take back every current result of a study, or that of one system.

    ``reason`` (as ``read_reason`` returns it) goes to every destination that is told. Raises WithdrawalError when there
    is nothing to take back, and when it was taken back already.
    """
    standing = current_results(session, study_instance_uid, system)
    _refuse_nothing(session, study_instance_uid, system, standing)
    done = [_withdraw(session, settings, row, reason, now, actor) for row in standing if not row.withdraws]
    _settle(session, study_instance_uid, done, reason, actor)
    return done


def withdrawing(result: ScoreResult, reason: str, now: datetime) -> ScoreResult:
    """The successor that takes a result back: of the same images and weights, without any score."""
    return replace(
        result,
        items=(),
        totals=(),
        heatmaps=(),
        notes=(),
        not_evaluable=NotEvaluable(codes.WITHDRAWN, reason),
        scored_at=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        predecessor=None,
        withdraws=True,
        baseline=None,
        second_opinions=(),
    )


def _refuse_nothing(session: Session, uid: str, system: str | None, standing: Sequence[ResultRow]) -> None:
    if session.get(StudyRow, uid) is None:
        raise WithdrawalError(f"The ledger has no study {uid}; `rheumascore status` lists those it has.")
    if not standing:
        what = f"of {system}" if system else "yet"
        raise WithdrawalError(f"The study {uid} has no result {what}: there is nothing to withdraw.")
    if all(row.withdraws for row in standing):
        raise WithdrawalError(f"The result of the study {uid} is withdrawn already.")


def _withdraw(
    session: Session, settings: NodeSettings, former: ResultRow, reason: str, now: datetime, actor: str
) -> Withdrawal:
    uid = former.study_instance_uid
    visit = Visit(former.subject, former.study_date)
    job = _job_of_a_person(session, uid, former)
    result = keep_result(session, withdrawing(ScoreResult.from_json(former.content), reason, now), visit, job.id, actor)
    assert result.predecessor is not None
    have_it = destinations_with(session, result.predecessor.objects)
    told = [peer for peer in settings.peers if peer.name in have_it]
    names = tuple(peer.name for peer in told)
    if told:
        add_report_jobs(session, result, told)
    record(
        session, uid, actor, "withdrawn",
        f"The result of {result.system} is withdrawn: {reason} Told to: {', '.join(names) or 'nobody, it never left'}.",
        result=former.digest, successor=result.digest,
    )  # fmt: skip
    return Withdrawal(result.system, former.digest, result.digest, names, tuple(sorted(have_it - set(names))))


def _job_of_a_person(session: Session, uid: str, former: ResultRow) -> JobRow:
    """Every result stems from a piece of work; this one is done as soon as it is asked for."""
    about = {"system": former.system, "withdraws": former.digest}
    job = JobRow(
        id=str(uuid4()), kind="withdraw", key=f"withdraw:{former.digest}", study_instance_uid=uid, subject=about
    )
    job.state, job.created_at, job.updated_at = "done", time(), time()
    session.add(job)
    session.flush()
    return job


def _settle(session: Session, uid: str, done: Sequence[Withdrawal], reason: str, actor: str) -> None:
    """The study says why its scores are gone, and is where its jobs are. While it is scored anew its state stays."""
    study = study_to_change(session, uid)
    assert study is not None
    for each in done:
        others = [r for r in study.reasons if r["system"] != each.system]
        study.reasons = add_reason(others, codes.WITHDRAWN.value, reason, each.system)
    if not jobs_decide(study) or waits_for_a_person(session, uid):
        return
    if any(each.told for each in done):
        change_state(session, study, "delivering", actor, "The withdrawal is on its way.")
    elif all(row.withdraws for row in current_results(session, uid)):
        change_state(session, study, "not_evaluable", actor, "Withdrawn; nothing of it had been sent.")
    settle_study(session, uid, actor)
