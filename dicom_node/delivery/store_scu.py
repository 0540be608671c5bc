"""Store objects at a peer (C-STORE, PS3.4 Annex B; PS3.7 9.1.1) and ask whether it is there (C-ECHO).

The request is built from pynetdicom's own primitives instead of ``Association.send_c_store``: the bytes go out as they
are stored, and the answer is taken only when it names our message and our instance. Every step has a time-out.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from itertools import count
from typing import Any, Final

from pydicom.uid import UID, ImplicitVRLittleEndian
from pynetdicom.dimse_primitives import C_STORE

from dicom_node.crash_points import crash_at
from dicom_node.delivery.association_to_peer import (
    ANSWER_SECONDS,
    associate,
    end_association,
    presentation_context,
)
from dicom_node.delivery.destination import ObjectAnswer, OutgoingObject
from dicom_node.delivery.reactor_stop import ReactorStop
from dicom_node.delivery.store_answer import read_store_status
from dicom_node.delivery.tls_to_peer import TlsSession
from dicom_node.peers import Peer
from scoring.errors import RheumascoreError

_VERIFICATION: Final = "1.2.840.10008.1.1"
_SLOWEST_BYTES_PER_SECOND: Final = 100_000
_MEDIUM_PRIORITY: Final = 0


class StoreAssociation:
    """One established association. Made by ``open_association``."""

    def __init__(self, peer: Peer, association: Any) -> None:
        self._peer, self._association = peer, association
        self._contexts = {(str(c.abstract_syntax), str(c.transfer_syntax[0])): c for c in association.accepted_contexts}
        self._message_ids = count(1)
        self._answer_seconds: float = association.dimse_timeout
        self._reactor = ReactorStop()
        association._reactor_checkpoint = self._reactor

    def accepts(self, sop_class_uid: str, transfer_syntax_uid: str) -> bool:
        """True when the peer takes this class in this transfer syntax."""
        return (sop_class_uid, transfer_syntax_uid) in self._contexts

    @property
    def usable(self) -> bool:
        """False once the association has ended."""
        return bool(self._association.is_established)

    def send(self, outgoing: OutgoingObject) -> ObjectAnswer:
        """C-STORE one object: its bytes as they are."""
        context = self._contexts.get((outgoing.sop_class_uid, outgoing.transfer_syntax_uid))
        if context is None:
            kind = f"{UID(outgoing.sop_class_uid).name} in {UID(outgoing.transfer_syntax_uid).name}"
            return ObjectAnswer("never", None, f"{self._peer.name} did not accept {kind}")
        if not self.usable:
            return self._unknown("the association had ended")
        message_id = (next(self._message_ids) - 1) % 0xFFFF + 1
        answer = self._exchange(_request(outgoing, message_id), context.context_id, len(outgoing.data_set))
        if not isinstance(answer, C_STORE) or answer.Status is None:
            return self._unknown("no answer came")
        named = answer.AffectedSOPInstanceUID
        if answer.MessageIDBeingRespondedTo != message_id or (named and named != outgoing.sop_instance_uid):
            return self._unknown("the answer was to another message")
        return read_store_status(int(answer.Status), str(getattr(answer, "ErrorComment", None) or ""))

    def _exchange(self, request: C_STORE, context_id: int, length: int) -> Any:
        association = self._association
        association.dimse_timeout = self._answer_seconds + length / _SLOWEST_BYTES_PER_SECOND
        self._reactor.stop(association.is_alive)
        association.dimse.send_msg(request, context_id)
        crash_at("object_sent_not_answered")
        _, answer = association.dimse.get_msg(block=True)
        self._reactor.set()
        return answer

    def _unknown(self, why: str) -> ObjectAnswer:
        self.close(abort=True)
        return ObjectAnswer("unknown", None, f"{self._peer.name}: {why}; whether it was stored is not known")

    def close(self, *, abort: bool = False) -> None:
        """Release the association, or abort it; of one that has ended already only the socket is closed."""
        end_association(self._association, abort=abort)


@contextmanager
def open_association(
    peer: Peer,
    calling_ae_title: str,
    kinds: frozenset[tuple[str, str]],
    *,
    answer_seconds: float = ANSWER_SECONDS,
) -> Iterator[StoreAssociation]:
    """Associate for exactly these kinds, one presentation context for each (SOP Class UID, Transfer Syntax UID).

    Raises DestinationAwayError, DestinationBusyError, DestinationRefusesError.
    """
    contexts = [presentation_context(*kind) for kind in sorted(kinds)]
    store = StoreAssociation(peer, associate(peer, calling_ae_title, contexts, answer_seconds=answer_seconds))
    try:
        yield store
    except BaseException:
        store.close(abort=True)
        raise
    store.close()


@dataclass(frozen=True, slots=True)
class EchoAnswer:
    """Whether a peer answered C-ECHO, after how long from the first packet on, and in words why not."""

    alive: bool
    milliseconds: float
    text: str
    accepted: frozenset[tuple[str, str]] = frozenset()
    """Of the kinds that were offered beside it: (SOP Class UID, Transfer Syntax UID) that it takes."""
    tls: TlsSession | None = None
    """None in plain DICOM."""


def echo(peer: Peer, calling_ae_title: str, kinds: frozenset[tuple[str, str]] = frozenset()) -> EchoAnswer:
    """C-ECHO (PS3.7 9.1.5), and which of these kinds the peer would take. Never raises: the fault is in ``text``."""
    started = time.monotonic()
    verification = (_VERIFICATION, str(ImplicitVRLittleEndian))
    try:
        association = associate(
            peer, calling_ae_title, [presentation_context(*kind) for kind in sorted({verification, *kinds})]
        )
    except RheumascoreError as error:
        return EchoAnswer(False, (time.monotonic() - started) * 1000, str(error))
    accepted = frozenset((str(c.abstract_syntax), str(c.transfer_syntax[0])) for c in association.accepted_contexts)
    tls = association.ae.tls_session
    if verification not in accepted:
        end_association(association)
        milliseconds = (time.monotonic() - started) * 1000
        return EchoAnswer(False, milliseconds, f"{peer.name} does not offer Verification.", accepted, tls)
    status = association.send_c_echo().get("Status")
    milliseconds = (time.monotonic() - started) * 1000
    end_association(association)
    if status == 0:
        return EchoAnswer(True, milliseconds, "answers", accepted, tls)
    said = "gave no answer" if status is None else f"answered 0x{status:04X}"
    text = f"{peer.name} accepted the association but {said} to C-ECHO."
    return EchoAnswer(False, milliseconds, text, accepted, tls)


def _request(outgoing: OutgoingObject, message_id: int) -> C_STORE:
    request = C_STORE()
    request.MessageID = message_id
    request.AffectedSOPClassUID = outgoing.sop_class_uid
    request.AffectedSOPInstanceUID = outgoing.sop_instance_uid
    request.Priority = _MEDIUM_PRIORITY
    request.DataSet = BytesIO(outgoing.data_set)
    return request
