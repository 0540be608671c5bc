"""A peer's N-EVENT-REPORT of storage commitment (PS3.4 J.3.3), on whichever association it comes: read and kept.

The same for the association on which it was asked and for one that the peer opens to the listener.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog
from pydicom.dataset import Dataset

from dicom_node.crash_points import crash_at
from dicom_node.ledger.commitments import CommitmentReport, asked_of, keep_report
from dicom_node.ledger.ledger import Ledger

PUSH_MODEL: Final = "1.2.840.10008.1.20.1"
PUSH_MODEL_INSTANCE: Final = "1.2.840.10008.1.20.1.1"
_ALL_COMMITTED, _SOME_FAILED = 1, 2
_SUCCESS: Final = 0x0000
_PROCESSING_FAILURE: Final = 0x0110
_NO_SUCH_EVENT_TYPE: Final = 0x0113
_INVALID_ARGUMENT: Final = 0x0115
_UNSPECIFIED: Final = 0x0110


@dataclass(frozen=True, slots=True)
class ReportAnswer:
    """What the peer is told: a status of PS3.7 10.1.1.1.8 and an Error Comment."""

    status: int
    comment: str = ""


def take_report(
    ledger: Ledger,
    event_type: int,
    information: Dataset,
    may_speak_for: Callable[[str], bool],
    actor: str,
) -> ReportAnswer:
    """Keep a report when it answers a request of ours to this very peer; else change nothing, and say so in the log.

    ``may_speak_for``: whether who sent it is this destination. Raises LedgerBusyError.
    """
    log = structlog.get_logger("storage commitment")
    if event_type not in (_ALL_COMMITTED, _SOME_FAILED):
        log.warning("commitment_report_refused", reason="no such event type")
        return ReportAnswer(_NO_SUCH_EVENT_TYPE, "event type is neither 1 nor 2")
    try:
        report = _read(information)
    except Exception as error:  # a stranger's values: whatever the parser says of them, this is no report
        log.warning("commitment_report_refused", reason="cannot be read", error=type(error).__name__)
        return ReportAnswer(_INVALID_ARGUMENT, "the event information cannot be read")
    crash_at("commitment_reported_not_noted")
    with ledger.write() as session:
        destination = asked_of(session, report.transaction_uid)
        if destination is None or not may_speak_for(destination):
            reason = "unknown transaction" if destination is None else "another peer was asked"
            log.warning("commitment_report_refused", reason=reason)
            return ReportAnswer(_PROCESSING_FAILURE, "no such transaction is open with this peer")
        keep_report(session, report, actor)
    log.info("commitment_report", committed=len(report.committed), failed=len(report.failed))
    return ReportAnswer(_SUCCESS)


def _read(information: Dataset) -> CommitmentReport:
    return CommitmentReport(
        str(information.TransactionUID),
        tuple(str(item.ReferencedSOPInstanceUID) for item in _items(information, "ReferencedSOPSequence")),
        {
            str(item.ReferencedSOPInstanceUID): int(item.get("FailureReason") or _UNSPECIFIED)
            for item in _items(information, "FailedSOPSequence")
        },
    )


def _items(information: Dataset, keyword: str) -> list[Any]:
    return list(information.get(keyword) or ())
