"""From the ledger to the queue: hints for what waits, and an end for leases that nobody keeps.

The relay hints what is due. It keeps at most so many hints on a queue, whatever waits, so that neither a worker that
is away for a week nor thousands of studies flood it. When a queue is empty and a job still waits some seconds after
its hint, the hint was lost (a worker died with it, a broker was emptied), and it is given again.

The reaper ends leases. It does not ask the wall clock, which may jump: it watches on its own monotonic clock whether a
lease is renewed, and frees at once the leases of processes of this machine that no longer run.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from time import monotonic, time
from typing import Final, get_args

from celery import Celery
from sqlalchemy import ColumnElement, exists, func, or_, select, update
from sqlalchemy.orm import Session

from dicom_node.background_loop import BackgroundLoop
from dicom_node.crash_points import crash_at
from dicom_node.errors import LedgerBusyError
from dicom_node.ledger.due_jobs import by_urgency, due
from dicom_node.ledger.job_failures import end_lost_lease
from dicom_node.ledger.jobs import LEASE_SECONDS, JobKind
from dicom_node.ledger.lease_owner import is_gone
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import DestinationRow, JobRow
from dicom_node.queue.celery_app import QUEUE_OF, QUEUES, hint, waiting_hints
from dicom_node.settings import NodeSettings

_log = logging.getLogger(__name__)
_TURN_SECONDS: Final = 1.0
_HINTS_ON_A_QUEUE: Final = 200
_LOST_AFTER_SECONDS: Final = 2.0
_AGAIN_AFTER_SECONDS: Final = 60.0
_ACTOR: Final = "relay"


@dataclass(frozen=True, slots=True)
class _SeenLease:
    """A lease as it was when this reaper first saw it so."""

    fencing: int
    lease_until: float | None
    since: float


class RelayAndReaper(BackgroundLoop):
    """The loop, in a thread of its own between ``with`` and its end. Several may run on one ledger."""

    def __init__(
        self, ledger: Ledger, app: Celery, settings: NodeSettings, *, lease_seconds: float = LEASE_SECONDS
    ) -> None:
        super().__init__("relay and reaper")
        self._ledger, self._app = ledger, app
        self._attempts_allowed = settings.limits.attempts
        self._associations = settings.delivery.associations
        self._lease_seconds = lease_seconds
        self._seen: dict[str, _SeenLease] = {}

    def announce(self) -> None:
        """There is a new job: look now. Cheap, never waits, never fails: for the thread that receives."""
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.turn()
            except LedgerBusyError as busy:
                _log.warning("%s", busy)
            except Exception:  # whatever broke this turn, the next one finds the ledger as it is; work must go on
                _log.exception("The relay could not finish its turn; it tries again.")
            self._wake.wait(_TURN_SECONDS)
            self._wake.clear()

    def turn(self) -> None:
        """Free what nobody works on, then hint what waits."""
        self._end_lost_leases()
        for queue in QUEUES:
            kinds = tuple(kind for kind in get_args(JobKind) if QUEUE_OF[kind] == queue)
            _hint_waiting(self._app, self._ledger, queue, kinds, self._associations)

    def _end_lost_leases(self) -> None:
        with self._ledger.read() as session:
            leases = list(session.scalars(select(JobRow).where(JobRow.state == "leased")))
        now = monotonic()
        seen: dict[str, _SeenLease] = {}
        for job in leases:
            before = self._seen.get(job.id)
            same = before is not None and (before.fencing, before.lease_until) == (job.fencing, job.lease_until)
            seen[job.id] = before if before and same else _SeenLease(job.fencing, job.lease_until, now)
        self._seen = seen
        for job in leases:
            if now - seen[job.id].since > self._lease_seconds or is_gone(job.lease_owner or ""):
                self._end(job)

    def _end(self, watched: JobRow) -> None:
        crash_at("lost_lease_found")
        with self._ledger.write() as session:
            job = session.get_one(JobRow, watched.id, with_for_update=True)  # PostgreSQL: two reapers, one end
            if (job.state, job.fencing, job.lease_until) == ("leased", watched.fencing, watched.lease_until):
                _log.warning("The lease of job %s (%s) was not kept; it waits again.", job.id, job.kind)
                end_lost_lease(session, job, "reaper", self._attempts_allowed)


def _hint_waiting(app: Celery, ledger: Ledger, queue: str, kinds: tuple[JobKind, ...], associations: int) -> None:
    with ledger.read() as session:
        wanted = _to_hint(session, kinds, associations, hinted_before=time() - _LOST_AFTER_SECONDS)
    if not wanted or (lying := waiting_hints(app, queue)) is None:
        return
    if lying > 0:  # a hint given lately most likely lies there
        with ledger.read() as session:
            wanted = _to_hint(session, kinds, associations, hinted_before=time() - _AGAIN_AFTER_SECONDS)
    given: list[str] = []
    for job in wanted[: max(0, _HINTS_ON_A_QUEUE - lying)]:
        if not hint(app, job.kind, job.id):  # type: ignore[arg-type]  # the ledger holds these kinds only
            break
        given.append(job.id)
    if given:
        crash_at("hint_given_not_noted")
        with ledger.write() as session:
            session.execute(
                update(JobRow).where(JobRow.id.in_(given), JobRow.state == "waiting").values(hinted_at=time())
            )


def _to_hint(session: Session, kinds: tuple[JobKind, ...], associations: int, hinted_before: float) -> list[JobRow]:
    """Due jobs that the queue was not told of since then, the most urgent first.

    For each destination as many as it may have associations: whoever ends one calls the next (``tasks``). None for a
    destination that is away and not to be asked yet.
    """
    now = time()
    in_turn = func.row_number().over(partition_by=JobRow.destination, order_by=by_urgency()).label("turn")
    closed = exists().where(DestinationRow.name == JobRow.destination, ~due(DestinationRow.ask_after, now))
    waiting = (
        select(JobRow.id, in_turn)
        .where(JobRow.state == "waiting", JobRow.kind.in_(kinds), due(JobRow.run_after, now), ~closed)
        .subquery()
    )
    return list(
        session.scalars(
            select(JobRow)
            .join(waiting, waiting.c.id == JobRow.id)
            .where(
                or_(JobRow.destination.is_(None), waiting.c.turn <= associations),
                _not_hinted_since(hinted_before, now),
            )
            .order_by(*by_urgency())
            .limit(_HINTS_ON_A_QUEUE)
        )
    )


def _not_hinted_since(moment: float, now: float) -> ColumnElement[bool]:
    return or_(JobRow.hinted_at.is_(None), JobRow.hinted_at < moment, JobRow.hinted_at > now + _AGAIN_AFTER_SECONDS)
