"""Serve the page: one process, loopback unless told otherwise, with limits that uvicorn itself does not have."""

from __future__ import annotations

import asyncio
import errno
import socket
import sys
from asyncio import TimerHandle, Transport
from collections.abc import Generator
from contextlib import contextmanager
from signal import SIGINT, SIGTERM, signal
from types import FrameType
from typing import ClassVar, Final

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from core_lab.access import Access
from core_lab.web.app import create_app
from core_lab.web.doorkeeper import UPLOAD_PAGE
from dicom_node.errors import PortInUseError
from dicom_node.ledger.ledger import Ledger
from dicom_node.logging_setup import start_logging
from dicom_node.settings import NodeSettings

REQUEST_SECONDS: Final = 5.0
"""The head of a request must have arrived whole after this long, else its connection is closed."""
BODY_SECONDS: Final = 60.0
"""What is sent with it, where something may be sent: 64 MB from this machine take far less."""
CONNECTIONS: Final = 64
"""At a time. Over it the connection that waits longest for the rest of its request makes room for the newest."""
HEADER_BYTES: Final = 16 << 10


def web(settings: NodeSettings) -> int:
    """Show the page until SIGTERM or Ctrl-C. Prints its address with the one-time token as one line on stdout.

    Where pictures may be handed in, a second line has the address of that page with a token of its own.
    Raises PortInUseError when somebody else listens on the port.
    """
    start_logging()
    listening = _listen(settings.web.host, settings.web.port)
    ledger = Ledger(settings.database_url)
    settings.node.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    ledger.upgrade()
    ledger.close()
    access = Access()
    config = uvicorn.Config(
        create_app(settings, access),
        http=_TimedProtocol,
        ws="none",
        access_log=False,  # it would write down the token
        log_config=None,  # ours: uvicorn's own writes an error with its words
        server_header=False,
        proxy_headers=False,
        limit_concurrency=2 * CONNECTIONS,  # never reached: over CONNECTIONS the oldest that only waits is closed
        timeout_keep_alive=10,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=HEADER_BYTES,
    )
    if not settings.web.loopback:
        sys.stderr.write(
            f"The page listens on {settings.web.host}, beyond this machine, and HTTP is not encrypted: put a proxy "
            'with TLS in front, or set [web] host = "127.0.0.1".\n'
        )
    announcement = f"open {address(settings)}/?token={access.token}\n"
    if settings.upload.on:
        announcement += f"hand in pictures at {address(settings)}{UPLOAD_PAGE}?token={access.new_token()}\n"
    server = _Server(config, announcement)
    asyncio.run(server.serve(sockets=[listening]))
    return 0


def address(settings: NodeSettings) -> str:
    """``http://127.0.0.1:8080``: what a browser on this machine opens."""
    host = settings.web.host if settings.web.host not in {"", "0.0.0.0", "::"} else "127.0.0.1"  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.web.port}"


class _Server(uvicorn.Server):
    """uvicorn, but it says where it is once it answers, and a signal ends it with exit code 0."""

    def __init__(self, config: uvicorn.Config, announcement: str) -> None:
        super().__init__(config)
        self._announcement = announcement

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(self._announcement)
        sys.stdout.flush()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        before = {number: signal(number, self._stop) for number in (SIGTERM, SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal(number, handler)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.should_exit = True


class _TimedProtocol(H11Protocol):
    """uvicorn waits for ever for the rest of a request; here a clock runs until it is whole, and room is made."""

    _clock: TimerHandle | None = None
    _waits_for: object = None
    """What the clock runs for: the rest of a head, or of what is sent with it."""
    _waiting: ClassVar[dict[_TimedProtocol, None]] = {}
    """Connections without a whole request, the oldest first."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_clock()
        super().connection_lost(exc)

    def _watch(self) -> None:
        state = self.conn.their_state
        if state in (h11.IDLE, h11.SEND_BODY):
            if state is not self._waits_for:
                self._stop_clock()
                self._waits_for = state
                seconds = BODY_SECONDS if state is h11.SEND_BODY else REQUEST_SECONDS
                self._clock = self.loop.call_later(seconds, self.transport.close)
                self._waiting[self] = None
                if len(self.connections) > CONNECTIONS:
                    oldest = next(iter(self._waiting))
                    del self._waiting[oldest]
                    oldest.transport.abort()
        else:
            self._stop_clock()

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = self._waits_for = None
            self._waiting.pop(self, None)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(CONNECTIONS)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(
                f"Port {port} on {host} is taken, so the page cannot start. End the program that listens there, or "
                "set another [web] port in node.toml."
            ) from None
        raise PortInUseError(
            f"The page cannot listen on {host} port {port} ({error.strerror}); correct [web] in node.toml."
        ) from None
    return listening
