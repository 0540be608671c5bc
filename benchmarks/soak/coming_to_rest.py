"""After the kills: let the senders finish, do what a person would do, and wait until nothing is under way."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from benchmarks.soak.honest_senders import HonestSenders
from benchmarks.soak.kept_node import KeptNode
from benchmarks.soak.tally import Tally
from dicom_node.ledger.job_failures import CRASHED
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import JobRow, StudyRow

_LONGEST_SECONDS: Final = 1800.0
_LOOK_SECONDS: Final = 0.5
_A_PERSON_LOOKS_AFTER_SECONDS: Final = 10.0
_UNDER_WAY: Final = ("receiving", "complete", "scoring", "scored", "delivering")


@dataclass(frozen=True)
class _Waiting:
    """What is not at rest."""

    studies: int
    jobs: int
    parked: int
    """Because workers died over them; what was given up for another reason is at rest, and a fault."""

    def __bool__(self) -> bool:
        return bool(self.studies or self.jobs or self.parked)


def come_to_rest(node: KeptNode, senders: HonestSenders, ledger: Ledger, tally: Tally) -> None:
    """Returns when nothing waits any more; a fault in the tally says when that takes too long.

    Jobs that were parked, because a worker was killed three times over them, are started again by a person
    (``requeue --dead``), and counted; what waits for its time is not waited for (``requeue``).
    """
    senders.stop()
    until, person_at = time.monotonic() + _LONGEST_SECONDS, 0.0
    while (waiting := _waiting(ledger)) or not senders.finished:
        node.keep()
        if time.monotonic() > until:
            tally.broken.append(f"stuck: not at rest within {_LONGEST_SECONDS:g} s: {waiting}")
            return
        if senders.finished and time.monotonic() >= person_at:
            person_at = time.monotonic() + _A_PERSON_LOOKS_AFTER_SECONDS
            tally.count("job parked, started again by a person", waiting.parked)
            node.verb("requeue", "--dead")
        time.sleep(_LOOK_SECONDS)


def _waiting(ledger: Ledger) -> _Waiting:
    with ledger.read() as session:
        studies = select(func.count()).select_from(StudyRow).where(StudyRow.state.in_(_UNDER_WAY))
        jobs = select(func.count()).select_from(JobRow)
        return _Waiting(
            session.scalars(studies).one(),
            session.scalars(jobs.where(JobRow.state.in_(("waiting", "leased")))).one(),
            session.scalars(jobs.where(JobRow.state == "parked", JobRow.error_code == CRASHED)).one(),
        )
