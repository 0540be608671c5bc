"""Ask a peer which instances of a series it has: C-FIND of the Study Root model at IMAGE level (PS3.4 C.4.1)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicom_node.delivery.association_to_peer import associate, end_association, presentation_context
from dicom_node.delivery.destination import NotOfferedError
from dicom_node.delivery.reactor_stop import ReactorStop
from dicom_node.errors import DestinationAwayError, DestinationBusyError, DestinationRefusesError
from dicom_node.peers import Peer

STUDY_ROOT_FIND: Final = "1.2.840.10008.5.1.4.1.2.2.1"
_NOT_OFFERED: Final = frozenset({0x0122, 0x0124, 0xA900})
"""SOP Class not supported, not authorised, identifier does not match the SOP Class: it answers no such query."""
_MOST_ANSWERS: Final = 10_000
"""To one query: no series of ours has so many objects."""


class FindAssociation:
    """One established association. Made by ``open_find``."""

    def __init__(self, peer: Peer, association: Any) -> None:
        self._peer, self._association = peer, association
        self._reactor = ReactorStop()
        association._reactor_checkpoint = self._reactor

    def instances(self, study_instance_uid: str, series_instance_uid: str) -> frozenset[str]:
        """SOP Instance UIDs of the series there.

        Raises NotOfferedError, DestinationAwayError without an answer, DestinationBusyError for any other failure.
        """
        if not self._association.is_established:
            raise DestinationAwayError(f"{self._peer.name} ended the association before it was queried.")
        self._reactor.stop(self._association.is_alive)
        answers = self._association.send_c_find(_identifier(study_instance_uid, series_instance_uid), STUDY_ROOT_FIND)
        found = set()
        for answer, identifier in islice(answers, _MOST_ANSWERS):
            status = answer.get("Status")
            if status is None:
                raise DestinationAwayError(f"{self._peer.name} gave no answer to a query.")
            if status in _NOT_OFFERED:
                raise NotOfferedError
            if identifier is not None:  # pynetdicom reads one with a pending status only
                found.add(str(identifier.get("SOPInstanceUID", "")))
            elif status != 0:
                raise DestinationBusyError(f"{self._peer.name} answered 0x{status:04X} to a query.")
        return frozenset(found)


@contextmanager
def open_find(peer: Peer, calling_ae_title: str, answer_seconds: float) -> Iterator[FindAssociation]:
    """Associate as a user of queries.

    Raises NotOfferedError, DestinationAwayError, DestinationBusyError, DestinationRefusesError.
    """
    syntaxes = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
    contexts = [presentation_context(STUDY_ROOT_FIND, str(syntax)) for syntax in syntaxes]
    try:
        association = associate(peer, calling_ae_title, contexts, answer_seconds=answer_seconds)
    except DestinationRefusesError as refused:
        if refused.takes_nothing:
            raise NotOfferedError from None
        raise
    try:
        yield FindAssociation(peer, association)
    except BaseException:
        end_association(association, abort=True)
        raise
    end_association(association)


def _identifier(study_instance_uid: str, series_instance_uid: str) -> Dataset:
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "IMAGE"
    identifier.StudyInstanceUID = UID(study_instance_uid)
    identifier.SeriesInstanceUID = UID(series_instance_uid)
    identifier.SOPInstanceUID = ""
    return identifier
