"""Connections to the ledger's database, each of which answers or fails within its patience.

SQLite runs in WAL mode with ``synchronous=FULL``: a committed transaction is on disk. Write transactions begin
IMMEDIATE, so that two processes wait for each other instead of failing half way. A file that was moved away or
replaced while we run is noticed: SQLite itself would go on writing into the one that nobody finds any more.

PostgreSQL commits synchronously. A server that is gone, or there and silent, ends the connection, not our patience.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError

WRITING: Final = "rheumascore_writing"
"""Execution option of a connection whose transaction may write."""


def open_engine(url: str, patience_seconds: float) -> Engine:
    """The engine of this URL. Nothing is connected yet, and no database is made."""
    if url.startswith("sqlite"):
        return _sqlite_engine(url, patience_seconds)
    return _postgresql_engine(url, patience_seconds)


def make_database_file(engine: Engine) -> None:
    """An empty SQLite file for this user alone, where there is none yet; PostgreSQL has its database."""
    if engine.dialect.name == "sqlite":
        _file_of(engine).touch(mode=0o600)


def _sqlite_engine(url: str, patience_seconds: float) -> Engine:
    engine = create_engine(url, connect_args={"timeout": patience_seconds, "uri": True}, hide_parameters=True)
    path = _file_of(engine)

    @event.listens_for(engine, "do_connect")
    def _open_what_is_there(_: Any, __: Any, arguments: list[Any], ___: Any) -> None:
        arguments[0] = f"file:{quote(str(path.absolute()))}?mode=rw"  # never makes a new one

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, record: Any) -> None:
        record.info["file"] = _identity(path)
        connection.isolation_level = None  # transactions are begun below, not by the driver
        cursor = connection.cursor()
        for pragma in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA foreign_keys=ON"):
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine, "checkout")
    def _leave_a_file_that_is_gone(_: Any, record: Any, __: Any) -> None:
        if record.info["file"] != _identity(path):
            raise DisconnectionError

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        writing = connection.get_execution_options().get(WRITING, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _postgresql_engine(url: str, patience_seconds: float) -> Engine:
    from dicom_node.ledger.patient_postgresql import connect_patiently  # the driver is an extra

    engine = create_engine(url, pool_pre_ping=True, hide_parameters=True)

    @event.listens_for(engine, "do_connect")
    def _connect(_: Any, __: Any, arguments: list[Any], options: dict[str, Any]) -> Any:
        return connect_patiently(patience_seconds, *arguments, **options)

    return engine


def _file_of(engine: Engine) -> Path:
    assert engine.url.database is not None
    return Path(engine.url.database)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
