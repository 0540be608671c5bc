"""An association with a peer (PS3.8), over TLS and with a user identity where asked for; or why there is none."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Sequence
from typing import Any, Final, cast

from pydicom.uid import UID
from pynetdicom import AE, evt
from pynetdicom.pdu_primitives import UserIdentityNegotiation
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import AssociationSocket

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
ANSWER_SECONDS: Final = 30.0
"""For each answer, and until the peer takes another byte of ours; ``[delivery]`` may say otherwise."""
_CONNECT_SECONDS: Final = 5.0
_NEGOTIATE_SECONDS: Final = 10.0
_LARGEST_PDU: Final = 131_072
_REJECTED_TRANSIENT: Final = 2
_NAME_AND_PASSCODE: Final = 2
_ACKNOWLEDGE_AT_ONCE: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)


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

    def _create_socket(self, assoc: Any, address: Any, tls_args: Any) -> Any:
        made = _PromptSocket(assoc, address=address)
        made.tls_args = tls_args
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


class _PromptSocket(AssociationSocket):
    """Acknowledges what has come before it reads on, where the kernel can (Linux), instead of 40 ms later.

    DCMTK, and Orthanc with it, writes an answer in two parts and keeps the second back until the first is acknowledged
    (Nagle's algorithm there): every object that was stored cost those 40 ms. The kernel forgets the wish again.
    """

    def recv(self, nr_bytes: int) -> bytearray:
        """As pynetdicom's: so many bytes, or fewer at the end."""
        if _ACKNOWLEDGE_AT_ONCE is not None and self.socket is not None:
            with contextlib.suppress(OSError):  # the peer has gone: reading says so
                self.socket.setsockopt(socket.IPPROTO_TCP, _ACKNOWLEDGE_AT_ONCE, 1)
        return super().recv(nr_bytes)


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
