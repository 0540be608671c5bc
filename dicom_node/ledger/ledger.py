"""Open the ledger, bring its tables up to date, and hand out transactions.

SQLite runs in WAL mode with ``synchronous=FULL``: a committed transaction is on disk. Write transactions begin
IMMEDIATE, so that two processes wait for each other instead of failing half way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session, sessionmaker

from dicom_node.errors import LedgerBusyError
from dicom_node.ledger.audit_trail import write_entries

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_BUSY_SECONDS: Final = 30
_WRITING: Final = "rheumascore_writing"


class Ledger:
    """The ledger of one node. Cheap to open; safe from several threads and processes."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _engine(url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that may write: committed and on disk when the block ends, else as if it never was.

        Raises LedgerBusyError when the database does not answer in time.
        """
        try:
            with self._sessions() as session:
                session.connection(execution_options={_WRITING: True})
                yield session
                write_entries(session)
                session.commit()
        except OperationalError as error:
            raise LedgerBusyError("The ledger did not answer; it is tried again. See `rheumascore doctor`.") from error

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that only reads one consistent state."""
        with self._sessions() as session:
            yield session

    def upgrade(self) -> None:
        """Bring the tables to the present revision (alembic); harmless when they are, or when two processes do it."""
        if self._revision() == _newest_revision():
            return  # alembic itself takes 12 MB, which a listener at rest does not need
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        with self.engine.connect().execution_options(**{_WRITING: True}) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()

    def _revision(self) -> str | None:
        try:
            with self.engine.connect() as connection:
                return str(connection.scalar(text("SELECT version_num FROM alembic_version")))
        except (OperationalError, ProgrammingError):  # no such table: a new ledger
            return None

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


def _newest_revision() -> str:
    return max(path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_BUSY_SECONDS}000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        writing = connection.get_execution_options().get(_WRITING, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine
