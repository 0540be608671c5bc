"""One job, from its id on the queue to its end in the ledger: the same few steps whatever the work is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from dicom_node.crash_points import crash_at
from dicom_node.errors import LeaseLostError, LedgerBusyError
from dicom_node.ledger.job_failures import fail
from dicom_node.ledger.jobs import LEASE_SECONDS, LeasedJob, take_lease
from dicom_node.ledger.lease_keeper import keep_lease
from dicom_node.ledger.lease_owner import lease_owner
from dicom_node.ledger.ledger import Ledger
from scoring.errors import RheumascoreError

_log = logging.getLogger(__name__)
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
) -> bool:
    """Lease the job, do the work while the lease is kept, and write down how it failed when it does.

    ``work`` ends with ``finish(session, leased)`` in the transaction that writes its outcome. Never raises for the
    work's sake: a failure is a row in the ledger, and the relay brings the job back. True when the work was done.
    """
    leased = take_lease(ledger, job_id, lease_owner(), lease_seconds)
    if leased is None:
        return False
    crash_at("lease_taken")
    try:
        with keep_lease(ledger, leased, longest_seconds):
            work(leased)
    except LeaseLostError as lost:
        _log.warning("%s", lost)
    except Exception as error:  # whatever broke, the ledger must say so; an error not foreseen goes to the log whole
        if not isinstance(error, RheumascoreError):
            _log.exception("Job %s (%s) broke.", leased.id, leased.kind)
        _record_failure(ledger, leased, error, attempts_allowed)
    else:
        return True
    return False


def _record_failure(ledger: Ledger, leased: LeasedJob, error: Exception, attempts_allowed: int) -> None:
    try:
        with ledger.write() as session:
            job = fail(session, leased, error, attempts_allowed=attempts_allowed)
            state, code = job.state, job.error_code
        _log.warning("Job %s (%s) is %s: %s", leased.id, leased.kind, state, code)
    except (LeaseLostError, LedgerBusyError) as again:
        # The lease is not renewed any more: the reaper ends it.
        _log.warning("The failure of job %s could not be written: %s", leased.id, again.code)
