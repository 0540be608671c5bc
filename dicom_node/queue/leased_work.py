"""One job, from its id on the queue to its end in the ledger: the same few steps whatever the work is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic, sleep
from typing import Final

from dicom_node.crash_points import crash_at
from dicom_node.errors import LeaseLostError, LedgerBusyError
from dicom_node.ledger.job_failures import fail
from dicom_node.ledger.jobs import LEASE_SECONDS, LeasedJob, take_lease
from dicom_node.ledger.lease_keeper import keep_lease
from dicom_node.ledger.lease_owner import lease_owner
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.waits import WAITS, Waits
from scoring.errors import RheumascoreError

_log = logging.getLogger(__name__)
_LOOK_SECONDS: Final = 1.0
LONGEST_SECONDS: Final = 900.0
"""No job of ours takes a quarter of an hour; one that does hangs."""


def do_leased(
    ledger: Ledger,
    job_id: str,
    work: Callable[[LeasedJob], None],
    *,
    attempts_allowed: int,
    lease_seconds: float = LEASE_SECONDS,
    longest_seconds: float = LONGEST_SECONDS,
    associations: int | None = None,
    waits: Waits = WAITS,
) -> LeasedJob | None:
    """Lease the job, do the work while the lease is kept, and write down how it failed when it does.

    ``work`` ends with ``finish(session, leased)`` in the transaction that writes its outcome. Never raises for the
    work's sake: a failure is a row in the ledger, and the relay brings the job back. Returns the job that was in hand,
    however it ended; None when there was none to take. ``associations`` as in ``take_lease``; ``waits`` after failures.
    """
    try:
        leased = take_lease(ledger, job_id, lease_owner(), lease_seconds, associations)
    except LedgerBusyError as busy:
        _log.warning("Job %s could not be taken up (%s); the relay brings it again.", job_id, busy.code)
        return None
    if leased is None:
        return None
    crash_at("lease_taken")
    try:
        with keep_lease(ledger, leased, longest_seconds):
            work(leased)
    except LeaseLostError as lost:
        _log.warning("%s", lost)
    except Exception as error:  # whatever broke, the ledger must say so; an error not foreseen goes to the log whole
        if not isinstance(error, RheumascoreError):
            _log.exception("Job %s (%s) broke.", leased.id, leased.kind)
        _record_failure(ledger, leased, error, attempts_allowed, waits)
    return leased


def _record_failure(ledger: Ledger, leased: LeasedJob, error: Exception, attempts_allowed: int, waits: Waits) -> None:
    """Written as soon as the ledger answers, while the lease lives: that it was away shall not count as a crash."""
    until = monotonic() + leased.lease_seconds / 2
    while True:
        try:
            with ledger.write() as session:
                job = fail(session, leased, error, attempts_allowed=attempts_allowed, waits=waits)
                state, code = job.state, job.error_code
            _log.warning("Job %s (%s) is %s: %s", leased.id, leased.kind, state, code)
            return
        except LeaseLostError as lost:
            _log.warning("%s", lost)
            return
        except LedgerBusyError as busy:
            if monotonic() > until:
                _log.warning(
                    "The failure of job %s could not be written (%s); the reaper ends it.", leased.id, busy.code
                )
                return
            sleep(_LOOK_SECONDS)
