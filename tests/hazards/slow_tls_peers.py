"""Peers of a TLS port that only time can end, all at once: each says little, looks whether it was ended, goes on.

One thread for each, since an OpenSSL connection bears no second one.
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final, Self

from tests.dicom_node.receiving.raw_sender import ABORT, AC, P_DATA, RawSender, associate_request
from tests.hazards.slow_peers import Ending
from tests.hazards.tls_node import TlsNode

_PATIENCE: Final = 120.0
_CLIENT_HELLO_HEAD: Final = b"\x16\x03\x01\x02\x00"
"""The head of a handshake record of 512 bytes."""

Slow = Callable[[], Iterator[bytes]]
"""What a peer says, a second apart."""


class SlowTlsPeers:
    """The peers in a thread each, and an honest sender that keeps asking."""

    def __init__(self, node: TlsNode) -> None:
        self.endings: dict[str, Ending] = {}
        self.honest_failures, self.honest_rounds = list[str](), 0
        self._node, self._over = node, threading.Event()
        peers = (*_WITHOUT_HANDSHAKE, *_WITHOUT_REQUEST, *_ASSOCIATED)
        self._threads = [threading.Thread(target=self._bear, args=(peer,), daemon=True) for peer in peers]
        self._honest = threading.Thread(target=self._ask, daemon=True)

    def __enter__(self) -> Self:
        for thread in (*self._threads, self._honest):
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.all_ended()

    def all_ended(self) -> None:
        """Wait until the node has ended every one, then the honest sender too."""
        for thread in self._threads:
            thread.join(_PATIENCE)
        self._over.set()
        self._honest.join(_PATIENCE)

    def _bear(self, peer: Slow) -> None:
        with RawSender(self._node.port, tls=None if peer in _WITHOUT_HANDSHAKE else self._node.tls) as sender:
            if peer in _ASSOCIATED:
                assert sender.associate().kind == AC
            began, last = time.monotonic(), b""
            for word in peer():
                last += _said_until_ended(sender.socket, word)
                if last.endswith(_ENDED) or time.monotonic() > began + _PATIENCE:
                    break
            aborted = bytes([ABORT]) in last[:1]
            self.endings[peer.__name__] = Ending(time.monotonic() - began, aborted)

    def _ask(self) -> None:
        while not self._over.is_set():
            try:
                self._node.serves()
            except (AssertionError, OSError) as error:
                self.honest_failures.append(repr(error))
            self.honest_rounds += 1
            self._over.wait(0.5)


_ENDED: Final = b"(ended)"


def _said_until_ended(connection: socket.socket, word: bytes) -> bytes:
    """Say it and listen for a second: what came, and ``_ENDED`` when the connection is over."""
    try:
        connection.settimeout(5.0)
        connection.sendall(word)
        connection.settimeout(1.0)
        came = connection.recv(4096)
    except TimeoutError:
        return b""
    except (ssl.SSLError, OSError):
        return _ENDED
    return came or _ENDED


def no_handshake() -> Iterator[bytes]:
    """A TCP connection that says nothing."""
    while True:
        yield b""


def handshake_in_drips() -> Iterator[bytes]:
    """A Client Hello, one byte a second."""
    for byte in _CLIENT_HELLO_HEAD:
        yield bytes((byte,))
    while True:
        yield b"\x01"


def request_in_drips() -> Iterator[bytes]:
    """After an honest handshake an A-ASSOCIATE-RQ, one byte a second."""
    for byte in associate_request():
        yield bytes((byte,))


def data_in_drips() -> Iterator[bytes]:
    """A P-DATA-TF of 1,000 bytes, one byte a second."""
    yield struct.pack(">BxL", P_DATA, 1000)
    while True:
        yield b"\0"


def idle_association() -> Iterator[bytes]:
    """An association, then nothing."""
    while True:
        yield b""


_WITHOUT_HANDSHAKE: Final[tuple[Slow, ...]] = (no_handshake, handshake_in_drips)
_WITHOUT_REQUEST: Final[tuple[Slow, ...]] = (request_in_drips,)
_ASSOCIATED: Final[tuple[Slow, ...]] = (data_in_drips, idle_association)
