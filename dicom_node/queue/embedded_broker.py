"""The queue without a server: a kombu transport that keeps its messages in an SQLite file of its own.

A message is a hint that work waits in the ledger. So taking one deletes it: whoever dies with a hint in hand loses the
hint, not the work, and ``relay_and_reaper.py`` gives it again. A hint that still waits is not written twice. Nothing
piles up: answers and broadcasts (remote control) expire, queues of workers that are gone are swept.

Waiting is cheap: SQLite tells whether anybody else changed the file (``PRAGMA data_version``, some microseconds), and
only then a queue is looked at.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from pathlib import Path
from queue import Empty
from time import monotonic, time
from typing import Any, Final

import kombu.transport
from kombu.transport import virtual

URL: Final = "rheumascore-embedded://localhost"
_ALIAS: Final = "rheumascore-embedded"
_POLL_SECONDS: Final = 0.03
_LONGEST_DRAIN_SECONDS: Final = 0.1
"""The worker acknowledges between two drains only; with several threads a long one would hold back the next task."""
_CONTROL_SECONDS: Final = 60.0
"""A remote control message that nobody took within this time is of no use any more."""
_QUEUE_IDLE_SECONDS: Final = 600.0
_TOUCH_SECONDS: Final = 60.0
_BUSY_SECONDS: Final = 10
_SCHEMA: Final = """
create table if not exists messages(
    id integer primary key, queue text not null, name text, body text not null, expires real,
    unique(queue, name));
create index if not exists messages_in_order on messages(queue, id);
create table if not exists bindings(
    exchange text not null, routing_key text not null, pattern text not null, queue text not null, seen real,
    unique(exchange, routing_key, pattern, queue));
"""

_log = logging.getLogger(__name__)


def register_transport() -> None:
    """Make ``rheumascore-embedded://`` known to kombu."""
    kombu.transport.TRANSPORT_ALIASES[_ALIAS] = f"{__name__}:Transport"


class Channel(virtual.Channel):  # type: ignore[misc]  # kombu is not typed
    """One connection to the file. ``seen`` of a binding: its queue ends with its consumer, which was there then."""

    supports_fanout = True

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        path = Path(self.connection.client.transport_options["path"])
        self._file = _open(path)
        self._passing: set[str] = set()  # queues that end with their consumer
        self._bound: dict[str, set[tuple[str, str, str]]] = {}
        self._touched = monotonic()
        self._unchanged: dict[str, int] = {}  # queue -> version of the file at which it was found empty

    def _version(self) -> int:
        return int(self._file.execute("pragma data_version").fetchone()[0])

    def _new_queue(self, queue: str, auto_delete: bool = False, **_: Any) -> None:
        if auto_delete:
            self._passing.add(queue)

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        self._bound.setdefault(queue, set()).add((exchange, routing_key or "", pattern or ""))
        self._write_bindings(queue)

    def _write_bindings(self, queue: str) -> None:
        seen = time() if queue in self._passing else None
        self._file.executemany(
            "insert into bindings values(?, ?, ?, ?, ?) on conflict do update set seen = excluded.seen",
            [(*binding, queue, seen) for binding in self._bound.get(queue, ())],
        )

    def get_table(self, exchange: str) -> list[tuple[str, str, str]]:
        """The bindings of an exchange, as every process sees them."""
        return self._file.execute(
            "select routing_key, pattern, queue from bindings where exchange = ?", (exchange,)
        ).fetchall()

    def _put(self, queue: str, message: dict[str, Any], **_: Any) -> None:
        passing = self._is_passing(queue)
        name = None if passing else message["properties"].get("correlation_id")
        expires = time() + _CONTROL_SECONDS if passing else None
        self._file.execute(
            "insert or ignore into messages(queue, name, body, expires) values(?, ?, ?, ?)",
            (queue, name, json.dumps(message), expires),
        )
        self._unchanged.pop(queue, None)  # data_version does not count one's own writes

    def _put_fanout(self, exchange: str, message: dict[str, Any], routing_key: str, **_: Any) -> None:
        self._sweep()
        for *_rest, queue in self.get_table(exchange):
            self._put(queue, message)

    def _is_passing(self, queue: str) -> bool:
        row = self._file.execute("select 1 from bindings where queue = ? and seen is not null", (queue,)).fetchone()
        return row is not None

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        self._touch()
        version = self._version()
        if self._unchanged.get(queue) == version:
            raise Empty
        waiting = self._file.execute("select 1 from messages where queue = ? limit 1", (queue,)).fetchone()
        taken = (
            waiting
            and self._file.execute(
                "delete from messages where id = (select min(id) from messages where queue = ?) returning body",
                (queue,),
            ).fetchone()
        )
        if not taken:
            self._unchanged[queue] = version
            raise Empty
        message: dict[str, Any] = json.loads(taken[0])
        return message

    def _touch(self) -> None:
        """Say of the queues that end with us that we are still here; also after somebody swept them."""
        if self._passing and monotonic() - self._touched > _TOUCH_SECONDS:
            self._touched = monotonic()
            for queue in self._passing:
                self._write_bindings(queue)
            self._sweep()

    def _sweep(self) -> None:
        now = time()
        self._file.execute("delete from messages where expires < ?", (now,))
        self._file.execute("delete from bindings where seen < ?", (now - _QUEUE_IDLE_SECONDS,))

    def _size(self, queue: str) -> int:
        return int(self._file.execute("select count(*) from messages where queue = ?", (queue,)).fetchone()[0])

    def _purge(self, queue: str) -> int:
        return self._file.execute("delete from messages where queue = ?", (queue,)).rowcount

    def _delete(self, queue: str, *args: Any, **options: Any) -> None:
        self._purge(queue)
        self._file.execute("delete from bindings where queue = ?", (queue,))
        self._passing.discard(queue)
        self._bound.pop(queue, None)

    def close(self) -> None:
        """Give back what was taken and not done, remove the queues that end with us, and leave the file."""
        if self.closed:
            return
        super().close()
        for queue in tuple(self._passing):
            self._delete(queue)
        self._file.close()


class Transport(virtual.Transport):  # type: ignore[misc]  # kombu is not typed
    """kombu's entry. Options: ``path``, the file; its folder must exist."""

    Channel = Channel
    polling_interval = _POLL_SECONDS
    default_port = 0
    driver_type = "sql"
    driver_name = "sqlite3"
    connection_errors = (*virtual.Transport.connection_errors, sqlite3.OperationalError)
    channel_errors = (*virtual.Transport.channel_errors, sqlite3.DatabaseError)
    implements = virtual.Transport.implements.extend(exchange_type=frozenset(["direct", "topic", "fanout"]))

    def drain_events(self, connection: Any, timeout: float | None = None) -> None:
        """Deliver one message, or raise TimeoutError soon."""
        super().drain_events(connection, timeout=min(timeout or _LONGEST_DRAIN_SECONDS, _LONGEST_DRAIN_SECONDS))

    def driver_version(self) -> str:
        """Version of SQLite."""
        return sqlite3.sqlite_version


def _open(path: Path) -> sqlite3.Connection:
    """Open the file and make its tables; several processes may do so at once.

    ``synchronous=OFF``: a hint that a power cut loses is given again from the ledger. Turning WAL on is the one step
    that SQLite refuses at once, instead of waiting, while somebody else does it.
    """
    path.touch(mode=0o600)
    # kombu's pool hands a connection from thread to thread, one at a time.
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    deadline = monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("pragma journal_mode=wal")
            connection.execute("pragma synchronous=off")
            connection.executescript(_SCHEMA)
            return connection
        except sqlite3.OperationalError:
            if monotonic() > deadline:
                connection.close()
                raise
