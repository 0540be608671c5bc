"""Store objects at a peer (C-STORE, PS3.4 Annex B; PS3.7 9.1.1) and ask whether it is there (C-ECHO).

The request is built from pynetdicom's own primitives instead of ``Association.send_c_store``: the bytes go out as they
are stored, and the answer is taken only when it names our message and our instance. Every step has a time-out.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from itertools import count
from typing import Any, Final, cast

from pydicom.uid import UID, ImplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.pdu_primitives import UserIdentityNegotiation
from pynetdicom.presentation import PresentationContext

from dicom_node.crash_points import crash_at
from dicom_node.delivery.destination import ObjectAnswer, OutgoingObject
from dicom_node.delivery.store_answer import read_store_status
from dicom_node.delivery.tls_to_peer import TlsSession, TlsToPeer
from dicom_node.errors import (
    DestinationAwayError,
    DestinationBusyError,
    DestinationRefusesError,
    DestinationUntrustedError,
    SettingsError,
)
from dicom_node.peers import Peer
from scoring.errors import RheumascoreError

MOST_CONTEXTS: Final = 128
"""Presentation contexts in one association (PS3.8 9.3.2.2: odd numbers from 1 to 255)."""
_VERIFICATION: Final = "1.2.840.10008.1.1"
ANSWER_SECONDS: Final = 30.0
"""For each answer, and until the peer takes another byte of ours; ``[delivery]`` may say otherwise."""
_CONNECT_SECONDS: Final = 5.0
_NEGOTIATE_SECONDS: Final = 10.0
_SLOWEST_BYTES_PER_SECOND: Final = 100_000
_LARGEST_PDU: Final = 131_072
_LOOK_SECONDS: Final = 0.05
_REJECTED_TRANSIENT: Final = 2
_MEDIUM_PRIORITY: Final = 0
_NAME_AND_PASSCODE: Final = 2


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


class ReactorStop(threading.Event):
    """Stops pynetdicom's reactor thread, which would else take the answer before us.

    pynetdicom's own flag says "paused" a moment too early: on a busy machine the reactor still takes one message after
    it (seen: 10 of 4,500 stores hung until the time-out). Here the reactor counts as stopped only once it waits.
    """

    def __init__(self) -> None:
        super().__init__()
        self.set()
        self._waiting = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        """Called by the reactor, once a turn."""
        if not self.is_set():
            self._waiting.set()
        return super().wait(timeout)

    def stop(self, reactor_lives: Callable[[], bool]) -> None:
        """Return once the reactor stands still, or is gone."""
        self._waiting.clear()
        self.clear()
        while not self._waiting.wait(_LOOK_SECONDS) and reactor_lives():
            pass


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


def associate(
    peer: Peer,
    calling_ae_title: str,
    contexts: list[PresentationContext],
    handlers: Sequence[tuple[Any, ...]] = (),
    *,
    answer_seconds: float = ANSWER_SECONDS,
) -> Any:
    """An established association of pynetdicom, over TLS and with a user identity where the peer's entry says so.

    ``handlers``: (event, function, arguments) of pynetdicom. Raises DestinationAwayError (DestinationUntrustedError
    when TLS fails), DestinationBusyError, DestinationRefusesError.
    """
    entity = _Requestor(calling_ae_title, _tls_to(peer))
    entity.connection_timeout = _CONNECT_SECONDS
    entity.acse_timeout = _NEGOTIATE_SECONDS
    entity.dimse_timeout = entity.network_timeout = answer_seconds
    where = f"{peer.name} ({peer.ae_title} at {peer.host}:{peer.port})"
    try:
        association = entity.associate(
            peer.host,
            peer.port,
            contexts=contexts,
            ae_title=peer.ae_title,
            max_pdu=_LARGEST_PDU,
            ext_neg=_identity(peer),
            tls_args=(cast("ssl.SSLContext", entity.tls), peer.tls_name or peer.host) if entity.tls else None,
            evt_handlers=[(evt.EVT_CONN_OPEN, entity.on_connection), *handlers],
        )
    except OSError as error:  # the host's name is not known, or no address of ours can be used
        raise DestinationAwayError(
            f"Nobody answers as {where}: {error.strerror}. Correct host in node.toml.", at_the_door=True
        ) from error
    if association.is_established:
        return association
    entity.close_socket()
    if association.is_rejected:
        raise _rejection(where, association.acceptor.primitive)
    if association.rejected_contexts:  # it answered, and took none of them: pynetdicom then ends it by itself
        names = ", ".join(sorted({UID(str(c.abstract_syntax)).name.removesuffix(" Storage") for c in contexts}))
        raise DestinationRefusesError(
            f"{where} takes none of what we offered: {names}. Let it accept one of them, then "
            "`rheumascore requeue --dead`.",
            takes_nothing=True,
        )
    if entity.tls and entity.tls.fault:
        raise DestinationUntrustedError(
            f"No TLS with {where}: {entity.tls.fault}. Correct it there, or [tls] and the peer's entry in node.toml.",
            at_the_door=True,
        )
    if entity.connected:
        raise DestinationAwayError(
            f"{where} took the connection but did not answer the association; is it a DICOM port?", at_the_door=True
        )
    raise DestinationAwayError(
        f"Nobody answers as {where}: start it, or correct host and port in node.toml.", at_the_door=True
    )


def end_association(association: Any, *, abort: bool = False) -> None:
    """Release it, or abort it; of one that has ended already only the socket is closed."""
    if association.is_established:
        if abort:
            association.abort()
        else:
            association.release()
    association.ae.close_socket()


class _Requestor(AE):
    """Sets up its socket, and remembers it: pynetdicom leaves it open when the peer is away or cuts the connection."""

    def __init__(self, ae_title: str, tls: TlsToPeer | None) -> None:
        super().__init__(ae_title)
        self.tls, self.connected = tls, False
        self._socket: socket.socket | None = None

    @property
    def tls_session(self) -> TlsSession | None:
        """What was agreed; None in plain DICOM."""
        return self.tls.session if self.tls else None

    def _create_socket(self, *arguments: Any) -> Any:
        made = super()._create_socket(*arguments)
        self._socket = made.socket
        return made

    def on_connection(self, event: Any) -> None:
        """Send small PDUs at once (Nagle's delay halves the speed); do not wait for ever on a peer that takes none."""
        self.connected = True
        connection: socket.socket = event.assoc.dul.socket.socket
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(self.network_timeout)

    def close_socket(self) -> None:
        """Harmless when it is closed already."""
        if self._socket is not None:
            self._socket.close()
        if self.tls is not None:
            self.tls.close()


def _tls_to(peer: Peer) -> TlsToPeer | None:
    """Raises DestinationUntrustedError: our own files may be mended while the node runs, so it is tried again."""
    try:
        return TlsToPeer(peer.our_tls) if peer.our_tls else None
    except SettingsError as error:
        raise DestinationUntrustedError(f"No TLS with {peer.name}: {error}", at_the_door=True) from None


def _identity(peer: Peer) -> list[Any]:
    """The user that we are there (PS3.7 D.3.3.7); none when the entry names none."""
    if not peer.our_user_name:
        return []
    identity = UserIdentityNegotiation()
    identity.user_identity_type, identity.positive_response_requested = _NAME_AND_PASSCODE, False
    identity.primary_field, identity.secondary_field = peer.our_user_name.encode(), peer.our_passcode.reveal().encode()
    return [identity]


def _rejection(where: str, answer: Any) -> RheumascoreError:
    words = f"{where} rejected the association: {answer.reason_str}."
    if answer.result == _REJECTED_TRANSIENT:
        return DestinationBusyError(f"{words} It says that this will pass.", at_the_door=True)
    return DestinationRefusesError(f"{words} Make our AE title known there, or correct its ae_title in node.toml.")


def presentation_context(sop_class_uid: str, transfer_syntax_uid: str) -> PresentationContext:
    """One class in one transfer syntax, as it is proposed."""
    context = PresentationContext()
    context.abstract_syntax = UID(sop_class_uid)
    context.transfer_syntax = [UID(transfer_syntax_uid)]
    return context


def _request(outgoing: OutgoingObject, message_id: int) -> C_STORE:
    request = C_STORE()
    request.MessageID = message_id
    request.AffectedSOPClassUID = outgoing.sop_class_uid
    request.AffectedSOPInstanceUID = outgoing.sop_instance_uid
    request.Priority = _MEDIUM_PRIORITY
    request.DataSet = BytesIO(outgoing.data_set)
    return request
