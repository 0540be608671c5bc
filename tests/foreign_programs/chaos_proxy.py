"""A TCP proxy that does to a connection what networks do: delays, trickles, cuts, resets, swallows and flips bits.

The fault is in the direction of the caller unless it says ``both``: what a sender sends is what is lost. After
``healthy()`` it only forwards; connections that run keep the fault under which they began.
"""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Self

_PIECE: Final = 65_536
_LOOK_SECONDS: Final = 0.2
_ESTABLISHED: Final = 1
"""A state of TCP, as Linux numbers them."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is done to the bytes of a connection; the default: nothing."""

    delay: float = 0.0
    """s before each piece, in both directions …"""
    jitter: float = 0.0
    """… and so much more or less."""
    bytes_per_second: float = 0.0
    """0: as fast as it goes."""
    piece_bytes: int = _PIECE
    """A write is never longer."""
    cut_after: int | None = None
    """The connection ends after so many bytes of the caller …"""
    reset: bool = False
    """… with a reset (RST) instead of an end (FIN)."""
    swallow_after: int | None = None
    """Nothing is forwarded in either direction after so many bytes of the caller, and nothing is said: a black hole."""
    flip_in: bytes = b""
    """Wherever the caller sends these bytes, one bit of the last of them is flipped."""
    flip_at: int | None = None
    """One bit of the byte that the caller sends after so many others is flipped."""


class ChaosProxy:
    """Runs between ``with`` and its end, in front of a port of the loopback."""

    def __init__(self, to_port: int, fault: Fault | None = None, *, listening: bool = False) -> None:
        self.fault = fault or Fault()
        self.heard: list[bytearray] | None = [] if listening else None
        """When it listens: all that went either way, a piece for each direction of each connection."""
        self.connections = 0
        self.most_at_once = 0
        """Connections that their callers had open at the same moment; may be set back to 0."""
        self._callers: list[socket.socket] = []
        self.to_port = to_port
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(_LOOK_SECONDS)
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in list(self._threads):
            thread.join()
        self._listener.close()

    def healthy(self) -> None:
        """From now on it only forwards."""
        self.fault = Fault()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                caller, _ = self._listener.accept()
            except TimeoutError:
                continue
            self.connections += 1
            self._callers = [*filter(_is_open, self._callers), caller]
            self.most_at_once = max(self.most_at_once, len(self._callers))
            thread = threading.Thread(target=self._connect, args=(caller, self.fault), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _connect(self, caller: socket.socket, fault: Fault) -> None:
        try:
            called = socket.create_connection(("127.0.0.1", self.to_port), timeout=10)
        except OSError:
            caller.close()
            return
        _Connection(caller, called, fault, self._stopping, self.heard).run()


class _Connection:
    """One connection and the two threads that pump it."""

    def __init__(
        self,
        caller: socket.socket,
        called: socket.socket,
        fault: Fault,
        stopping: threading.Event,
        heard: list[bytearray] | None,
    ) -> None:
        self._caller, self._called, self._fault, self._stopping = caller, called, fault, stopping
        self._heard = heard
        self._swallowing = threading.Event()
        self._ended = threading.Event()
        for side in (caller, called):
            side.settimeout(_LOOK_SECONDS)
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def run(self) -> None:
        """Until either side has ended, or the fault ends it."""
        back = threading.Thread(
            target=self._pump,
            args=(self._called, self._caller, Fault(delay=self._fault.delay, jitter=self._fault.jitter)),
        )
        back.start()
        self._pump(self._caller, self._called, self._fault)
        back.join()
        for side in (self._caller, self._called):
            side.close()

    def _pump(self, source: socket.socket, target: socket.socket, fault: Fault) -> None:
        passed, heard = 0, bytearray()
        if self._heard is not None:
            self._heard.append(heard)
        while not (self._ended.is_set() or self._stopping.is_set()):
            try:
                piece = bytearray(source.recv(min(_PIECE, fault.piece_bytes)))
                if not piece:
                    break
                if self._heard is not None:
                    heard.extend(piece)
                if fault.flip_in and (found := piece.find(fault.flip_in)) >= 0:
                    piece[found + len(fault.flip_in) - 1] ^= 0x01
                if fault.flip_at is not None and passed <= fault.flip_at < passed + len(piece):
                    piece[fault.flip_at - passed] ^= 0x01
                ends = fault.cut_after is not None and passed + len(piece) >= fault.cut_after
                piece = piece[: fault.cut_after - passed] if ends and fault.cut_after is not None else piece
                if fault.swallow_after is not None and passed + len(piece) > fault.swallow_after:
                    self._swallowing.set()
                self._wait_before(len(piece), fault)
                if not self._swallowing.is_set():
                    _send_all(target, piece, self._stopping)
                passed += len(piece)
                if ends:
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        self._end()

    def _end(self) -> None:
        """Both sides at once, and both threads with them."""
        self._ended.set()
        for side in (self._caller, self._called):
            if self._fault.reset:
                with suppress(OSError):
                    side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                side.close()
            else:
                with suppress(OSError):
                    side.shutdown(socket.SHUT_RDWR)

    def _wait_before(self, length: int, fault: Fault) -> None:
        wait = max(0.0, fault.delay + random.uniform(-fault.jitter, fault.jitter)) if fault.delay else 0.0
        if fault.bytes_per_second:
            wait += length / fault.bytes_per_second
        if wait:
            time.sleep(wait)


def _is_open(caller: socket.socket) -> bool:
    """False once its other end was closed, though our thread may not have seen it: the kernel is asked (Linux)."""
    try:
        return caller.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == _ESTABLISHED
    except OSError:  # we closed it
        return False


def _send_all(target: socket.socket, piece: bytearray, stopping: threading.Event) -> None:
    """All of it, however slowly it is taken."""
    left = memoryview(piece)
    while left and not stopping.is_set():
        try:
            left = left[target.send(left) :]
        except TimeoutError:
            continue
