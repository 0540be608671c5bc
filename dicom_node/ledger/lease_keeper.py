"""Keep a lease alive while the work runs, and end a process whose work never ends."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

from dicom_node.errors import LeaseLostError, LedgerBusyError
from dicom_node.ledger.jobs import LeasedJob, renew
from dicom_node.ledger.ledger import Ledger

_log = logging.getLogger(__name__)
EXIT_STUCK: Final = 70
"""Exit status of a worker that ended itself because a job took longer than it may."""
_RENEWALS_IN_A_LEASE: Final = 3


@contextmanager
def keep_lease(ledger: Ledger, leased: LeasedJob, longest_seconds: float) -> Iterator[None]:
    """Renew the lease from a thread until the block ends. Short work ends before the first renewal and costs nothing.

    Work that takes longer than ``longest_seconds`` hangs: the whole process ends, because a thread cannot be stopped;
    its supervisor starts another, and the ledger counts the attempt.
    """
    ended = threading.Event()
    thread = threading.Thread(
        target=_renew_until, args=(ledger, leased, longest_seconds, ended), name=f"lease {leased.id[:8]}", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _renew_until(ledger: Ledger, leased: LeasedJob, longest_seconds: float, ended: threading.Event) -> None:
    started = monotonic()
    while not ended.wait(leased.lease_seconds / _RENEWALS_IN_A_LEASE):
        if monotonic() - started > longest_seconds:
            _log.critical("Job %s runs for more than %.0f s: this worker ends itself.", leased.id, longest_seconds)
            os._exit(EXIT_STUCK)
        try:
            with ledger.write() as session:
                renew(session, leased)
        except LeaseLostError:
            _log.warning("The lease of job %s was lost while it ran; its outcome will be refused.", leased.id)
            return
        except LedgerBusyError:
            _log.warning("The ledger is busy; the lease of job %s is renewed at the next turn.", leased.id)
