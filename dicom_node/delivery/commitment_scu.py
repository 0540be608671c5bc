"""Ask a peer to commit what it stored: N-ACTION of the Storage Commitment Push Model (PS3.4 J.3.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import evt

from dicom_node.delivery.association_to_peer import associate, end_association, presentation_context
from dicom_node.delivery.commitment_report import PUSH_MODEL, PUSH_MODEL_INSTANCE, ReportAnswer
from dicom_node.delivery.destination import NotOfferedError
from dicom_node.delivery.reactor_stop import ReactorStop
from dicom_node.errors import DestinationAwayError, DestinationBusyError, DestinationRefusesError
from dicom_node.peers import Peer

OnReport = Callable[[int, Dataset], ReportAnswer]
"""Takes Event Type ID and Event Information of a report that comes on the same association."""

_REQUEST: Final = 1
_NOT_OFFERED: Final = frozenset({0x0118, 0x0122, 0x0123, 0x0211})
"""No such SOP Class, not supported, no such action, unrecognised operation."""


class CommitmentAssociation:
    """One established association. Made by ``open_commitment``."""

    def __init__(self, peer: Peer, association: Any) -> None:
        self._peer, self._association = peer, association
        self._reactor = ReactorStop()
        association._reactor_checkpoint = self._reactor

    @property
    def usable(self) -> bool:
        """False once the association has ended."""
        return bool(self._association.is_established)

    def ask(self, transaction_uid: str, objects: Sequence[tuple[str, str]]) -> None:
        """Ask for (SOP Class UID, SOP Instance UID); returns when the peer has taken the request.

        Raises NotOfferedError; DestinationAwayError without an answer, DestinationBusyError for any other failure.
        """
        if not self.usable:
            raise DestinationAwayError(f"{self._peer.name} ended the association before it was asked to commit.")
        self._reactor.stop(self._association.is_alive)
        answer, _ = self._association.send_n_action(
            _action_information(transaction_uid, objects), _REQUEST, UID(PUSH_MODEL), UID(PUSH_MODEL_INSTANCE)
        )
        status = answer.get("Status")
        if status is None:
            raise DestinationAwayError(
                f"{self._peer.name} gave no answer to the request to commit. Is our AE title known there, with "
                "host and port?"
            )
        if status in _NOT_OFFERED:
            raise NotOfferedError
        if status != 0:
            raise DestinationBusyError(f"{self._peer.name} answered 0x{status:04X} to the request to commit.")


@contextmanager
def open_commitment(
    peer: Peer, calling_ae_title: str, on_report: OnReport, answer_seconds: float
) -> Iterator[CommitmentAssociation]:
    """Associate as a user of storage commitment; reports that come while it is open go to ``on_report``.

    Raises NotOfferedError, DestinationAwayError, DestinationBusyError, DestinationRefusesError.
    """

    def take(event: Any) -> tuple[int, None]:
        return on_report(event.event_type, event.event_information).status, None

    contexts = [presentation_context(PUSH_MODEL, str(s)) for s in (ExplicitVRLittleEndian, ImplicitVRLittleEndian)]
    try:
        handlers = [(evt.EVT_N_EVENT_REPORT, take)]
        association = associate(peer, calling_ae_title, contexts, handlers, answer_seconds=answer_seconds)
    except DestinationRefusesError as refused:
        if refused.takes_nothing:
            raise NotOfferedError from None
        raise
    try:
        yield CommitmentAssociation(peer, association)
    except BaseException:
        end_association(association, abort=True)
        raise
    end_association(association)


def _action_information(transaction_uid: str, objects: Sequence[tuple[str, str]]) -> Dataset:
    """PS3.4 table J.3-1."""
    information = Dataset()
    information.TransactionUID = transaction_uid
    information.ReferencedSOPSequence = []
    for sop_class_uid, sop_instance_uid in objects:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class_uid, sop_instance_uid
        information.ReferencedSOPSequence.append(item)
    return information
