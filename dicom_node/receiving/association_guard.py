"""Who gets a socket, for how long, and how much may come through it: the shield against idle, slow and lying peers.

A plain pynetdicom acceptor is put out of service by eleven idle sockets, and pays 40 ms for each association to copy
its presentation contexts. So the upper layer's loop is our own: one thread for each connection, blocking reads with a
deadline for every PDU, lengths checked before memory is taken, monotonic clocks. TLS handshakes happen in that thread,
under the deadline of the request: the accept loop never waits for anybody.
"""

from __future__ import annotations

import contextlib
import resource
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final

from dicom_node.certificate import Certificate, read_certificate
from dicom_node.errors import PortInUseError
from dicom_node.receiving.association_pdus import encode_abort
from dicom_node.receiving.tls_handshake import (
    ANY_OTHER_OF_CERTIFICATE,
    NOT_IN_TIME,
    TlsFaultError,
    fault_of,
    refuse_plain_text,
    say_close_notify,
)

CLOSED_BY_PEER: Final = "closed by the peer"
_HEADER: Final = struct.Struct(">BxL")
_MAX_LENGTH_SLACK: Final = 64
"""Some senders count the PDV header's six bytes, or their own rounding, outside the agreed maximum."""
_UNREAD_BYTES: Final = 4 << 20
"""What is read and thrown away of a peer that sends on after its end was said."""
_BACKLOG: Final = 128
_SIGNALS_SEEN_SECONDS: Final = 0.5
"""The kernel may give SIGTERM to any thread; Python acts on it in the main one, once that leaves its system call."""
_OTHER_DESCRIPTORS: Final = 44
"""What the process needs beside its connections: ledger, queue, log, the folders it syncs."""
_MAPPED: Final = "::ffff:"
"""A socket on :: shows IPv4 callers this way; node.toml names them plainly."""
_QUICKACK: Final = getattr(socket, "TCP_QUICKACK", None)
"""Linux: answer at once, or a sender with Nagle's algorithm on waits 40 ms for each instance."""


class PeerGoneError(ConnectionError):
    """The connection ended, or was ended by us, without more bytes."""


class PeerTooSlowError(TimeoutError):
    """A deadline passed: ``idle`` between PDUs, ``slow`` inside one or inside a message."""


class PduTooLongError(ValueError):
    """A PDU claims more than was agreed; nothing of it was read."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds that a peer has, on a monotonic clock."""

    request: float = 5.0
    """From the connection to the whole A-ASSOCIATE-RQ, a TLS handshake included."""
    pdu: float = 5.0
    """For one PDU from its first byte, and its length over ``bytes_per_second`` on top."""
    bytes_per_second: float = 20_000.0
    message: float = 60.0
    """For one message from its first PDU, and its length over ``message_bytes_per_second`` on top: a message of tiny
    PDUs, each in time, would otherwise have no end."""
    message_bytes_per_second: float = 2_000.0
    idle: float = 30.0
    """Between two PDUs."""
    answer: float = 10.0
    """For the peer to take what we send."""


class GuardedChannel:
    """One connection: whole PDUs in within their deadline, answers out. Used by one thread; woken by others.

    Over TLS ``_socket`` is an SSLSocket. Whoever wakes its thread, or throws away what still comes, does it to the
    plain socket below: SSLSocket's own ``shutdown`` would leave it open for plain text.
    """

    def __init__(
        self, connection: socket.socket, address: str, deadlines: Deadlines, tls: ssl.SSLContext | None = None
    ) -> None:
        self.address, self.opened_at, self.established = address, monotonic(), False
        self.certificate: Certificate | None = None
        """The caller's, verified; None in plain DICOM, or when none was asked for and none shown."""
        self._socket, self._deadlines, self._tls = connection, deadlines, tls
        self.can_speak = tls is None
        """True once DICOM can be spoken: after the handshake, where there is one."""
        self._buffer = bytearray(4096)
        self._state = threading.Lock()
        self._at_rest, self._interrupted = True, False
        self._message_began, self._message_bytes = 0.0, 0
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def tls_version(self) -> str:
        """``TLSv1.3`` after the handshake; empty in plain DICOM."""
        return (self._socket.version() or "") if isinstance(self._socket, ssl.SSLSocket) else ""

    def shake_hands(self) -> None:
        """Become a TLS connection, where the port is one, within ``Deadlines.request``.

        Raises TlsFaultError, and PeerGoneError when the peer went away without a word of TLS.
        """
        if self._tls is None:
            return
        end = self.opened_at + self._deadlines.request
        try:
            self._socket.settimeout(_left(end))
            refuse_plain_text(self._socket)
            with self._state:  # the plain socket gives its descriptor away: who wakes us must find the new one
                self._socket = secured = self._tls.wrap_socket(
                    self._socket, server_side=True, do_handshake_on_connect=False
                )
            secured.settimeout(_left(end))
            secured.do_handshake()
            self._acknowledge_at_once()
            self.can_speak = True
        except TimeoutError:
            raise TlsFaultError(NOT_IN_TIME) from None
        except ssl.SSLError as error:
            raise fault_of(error) or PeerGoneError(CLOSED_BY_PEER) from None
        except OSError as error:
            raise PeerGoneError(str(error)) from None
        if shown := secured.getpeercert(binary_form=True):
            try:
                self.certificate = read_certificate(shown)
            except ValueError:  # OpenSSL takes forms that we do not read: then we cannot say whose it is
                raise TlsFaultError(ANY_OTHER_OF_CERTIFICATE) from None

    def read_request(self, longest: int) -> tuple[int, memoryview]:
        """The first PDU; all of it within ``Deadlines.request`` of the connection."""
        end = self.opened_at + self._deadlines.request
        return self._read_pdu(longest, end, lambda _: end, "idle")

    def read_pdu(self, longest: int) -> tuple[int, memoryview]:
        """The next PDU: type and body. The body is valid until the next call."""
        longest, by, what = longest + _MAX_LENGTH_SLACK, monotonic() + self._deadlines.idle, "idle"
        if not self._at_rest and (message_by := self._message_deadline()) < by:
            by, what = message_by, "slow"
        kind, body = self._read_pdu(longest, by, self._pdu_deadline, what)
        self._message_bytes += len(body)
        return kind, body

    def send(self, pdu: bytes) -> None:
        """Send all of it. Raises PeerGoneError when the peer does not take it in time."""
        end, rest = monotonic() + self._deadlines.answer, memoryview(pdu)
        try:
            while rest:  # one deadline for all: SSLSocket.sendall begins a new one with every record
                self._socket.settimeout(_left(end))
                rest = rest[self._socket.send(rest) :]
        except OSError as error:
            raise PeerGoneError(str(error)) from None

    def abort(self, source: int, reason: int) -> None:
        """A-ABORT (PS3.8 table 9-26), then close."""
        if self.can_speak:
            with contextlib.suppress(PeerGoneError):
                self.send(encode_abort(source, reason))
        self.close_after_answer()

    def close_after_answer(self) -> None:
        """Close so that the peer still gets what was sent: a close with unread bytes would reset the connection."""
        with contextlib.suppress(OSError):
            say_close_notify(self._socket)
            self._shut_down(socket.SHUT_WR)
            end, unread = monotonic() + 1.0, _UNREAD_BYTES
            while unread > 0 and (left := end - monotonic()) > 0:
                self._socket.settimeout(left)
                if not (count := len(socket.socket.recv(self._socket, 65536))):
                    break
                unread -= count
        self.close()

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()

    def working(self, busy: bool) -> None:
        """The association says whether it is in the middle of a message; then ``interrupt_at_rest`` waits."""
        with self._state:
            if busy and self._at_rest:
                self._message_began, self._message_bytes = monotonic(), 0
            self._at_rest = not busy
            if self._interrupted and self._at_rest:
                self._stop_reading()

    def interrupt_at_rest(self) -> None:
        """End reading as soon as no message is under way; its thread then sees PeerGoneError."""
        with self._state:
            self._interrupted = True
            if self._at_rest:
                self._stop_reading()

    def cut(self) -> None:
        """End the connection now, from any thread; its own thread wakes and cleans up."""
        with self._state, contextlib.suppress(OSError):
            self._shut_down(socket.SHUT_RDWR)

    def _stop_reading(self) -> None:
        with contextlib.suppress(OSError):
            self._shut_down(socket.SHUT_RD)

    def _shut_down(self, how: int) -> None:
        socket.socket.shutdown(self._socket, how)

    def _pdu_deadline(self, length: int) -> float:
        return monotonic() + self._deadlines.pdu + length / self._deadlines.bytes_per_second

    def _message_deadline(self) -> float:
        more = self._message_bytes / self._deadlines.message_bytes_per_second
        return self._message_began + self._deadlines.message + more

    def _read_pdu(
        self, longest: int, first_byte_by: float, body_by: Callable[[int], float], without: str
    ) -> tuple[int, memoryview]:
        """``without``: what the peer is called when no first byte comes."""
        view = memoryview(self._buffer)
        got = self._read(view[:6], 1, first_byte_by, without)
        if got < 6:
            self._read(view[got:6], 6 - got, min(first_byte_by, body_by(0)), "slow")
        kind, length = _HEADER.unpack_from(self._buffer)
        if length > longest:
            raise PduTooLongError(f"{length} bytes, at most {longest} are taken")
        if length > len(self._buffer):
            self._buffer = bytearray(length)
            view = memoryview(self._buffer)
        self._read(view[:length], length, body_by(length), "slow")
        return kind, view[:length]

    def _read(self, view: memoryview, at_least: int, end: float, what: str) -> int:
        got = 0
        while got < at_least:
            left = end - monotonic()
            if left <= 0:
                raise PeerTooSlowError(what)
            try:
                self._socket.settimeout(left)
                count = self._socket.recv_into(view[got:])
            except TimeoutError:
                raise PeerTooSlowError(what) from None
            except OSError as error:
                raise PeerGoneError(str(error)) from None
            if not count:
                raise PeerGoneError(CLOSED_BY_PEER)
            got += count
            self._acknowledge_at_once()
        return got

    def _acknowledge_at_once(self) -> None:
        if _QUICKACK is not None:
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)


TlsChoice = Callable[[], ssl.SSLContext]
"""What a new connection is served with: another one after the certificate has changed."""


class AssociationGuard:
    """The accept loop. At the cap of connections the oldest one without an association makes room, never a new one.

    So idle sockets cannot keep an honest sender out, from whatever address: it asks at once, they grow old.
    """

    def __init__(
        self,
        host: str,
        port: int,
        serve: Callable[[GuardedChannel], None],
        *,
        connections: int,
        deadlines: Deadlines | None = None,
        tls: TlsChoice | None = None,
        also_plain_port: int = 0,
    ) -> None:
        """Bind. ``serve`` runs in a thread of its own for each connection. Raises PortInUseError.

        ``tls``: asked for each new connection of ``port``; None: plain DICOM. ``also_plain_port``: beside it, plain.
        """
        self.host, self._serve, self._most = host, serve, min(connections, _affordable_connections())
        self._deadlines = deadlines or Deadlines()
        self._channels: dict[GuardedChannel, threading.Thread] = {}
        self._lock = threading.Lock()
        self.stopping = threading.Event()
        self._doors = [(_bind(host, port), tls)]
        if also_plain_port:
            self._doors.append((_bind(host, also_plain_port), None))
        self.port = int(self._doors[0][0].getsockname()[1])

    def serve_until_stopped(self) -> None:
        """Accept connections until ``stop`` is called from another thread or a signal handler."""
        first, *others = self._doors
        threads = [threading.Thread(target=self._accept, args=door, name="accept", daemon=True) for door in others]
        for thread in threads:
            thread.start()
        self._accept(*first)
        for thread in threads:
            thread.join()

    def _accept(self, listening: socket.socket, tls: TlsChoice | None) -> None:
        while not self.stopping.is_set():
            try:
                connection, address = listening.accept()
            except TimeoutError:
                continue
            except OSError:  # closed by stop, or no descriptor left: then the oldest idle connection makes room
                if not self.stopping.wait(0.05):
                    self._make_room(0)
                continue
            self._make_room(self._most - 1)
            self._start(connection, str(address[0]).removeprefix(_MAPPED), tls() if tls else None)
        listening.close()

    def stop(self) -> None:
        """Accept nothing more, and end every association as soon as it is between two messages."""
        self.stopping.set()
        for listening, _ in self._doors:
            with contextlib.suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
        with self._lock:
            channels = list(self._channels)
        for channel in channels:
            channel.interrupt_at_rest()

    def wait(self, seconds: float) -> bool:
        """Wait for what runs; what is not done by then is cut. True when nothing had to be cut."""
        end = monotonic() + seconds
        with self._lock:
            running = dict(self._channels)
        for thread in running.values():
            thread.join(max(0.0, end - monotonic()))
        late = [channel for channel, thread in running.items() if thread.is_alive()]
        for channel in late:
            channel.cut()
            running[channel].join(1.0)
        return not late

    @property
    def open_connections(self) -> int:
        """How many connections there are, with an association or without."""
        with self._lock:
            return len(self._channels)

    def _start(self, connection: socket.socket, address: str, tls: ssl.SSLContext | None) -> None:
        channel = GuardedChannel(connection, address, self._deadlines, tls)
        thread = threading.Thread(target=self._run, args=(channel,), name="association", daemon=True)
        with self._lock:
            self._channels[channel] = thread
        try:
            thread.start()
        except RuntimeError:  # the machine gives no more threads
            self._forget(channel)

    def _run(self, channel: GuardedChannel) -> None:
        try:
            self._serve(channel)
        finally:
            self._forget(channel)

    def _forget(self, channel: GuardedChannel) -> None:
        channel.close()
        with self._lock:
            self._channels.pop(channel, None)

    def _make_room(self, most: int) -> None:
        with self._lock:
            waiting = [channel for channel in self._channels if not channel.established]
            if len(self._channels) <= most or not waiting:
                return
            per_address = Counter(channel.address for channel in waiting)
            crowd = max(per_address, key=lambda address: per_address[address])
            # Who has shaken hands is spared: with a certificate, that is what an attacker cannot do.
            oldest = min((c for c in waiting if c.address == crowd), key=lambda c: (c.can_speak, c.opened_at))
            del self._channels[oldest]
        oldest.cut()


def _left(end: float) -> float:
    """Seconds until then. Raises TimeoutError, since 0 would mean: do not wait for the socket at all."""
    if (left := end - monotonic()) <= 0:
        raise TimeoutError
    return left


def _affordable_connections() -> int:
    """As many as the process has descriptors for, each with the file that it may write."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(4, (soft - _OTHER_DESCRIPTORS) // 2)


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(_BACKLOG)
        listening.settimeout(_SIGNALS_SEEN_SECONDS)
    except OSError as error:
        listening.close()
        raise PortInUseError(
            f"Cannot listen on {host}:{port} ({error.strerror}); end the program that does (`ss -ltnp`), or set "
            "node.port in node.toml to a free port."
        ) from None
    return listening
