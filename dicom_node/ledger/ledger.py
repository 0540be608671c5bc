"""Open the ledger, bring its tables up to date, and hand out transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session, sessionmaker

from dicom_node.errors import LedgerBusyError
from dicom_node.ledger.audit_trail import write_entries
from dicom_node.ledger.engines import WRITING, make_database_file, open_engine

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_PATIENCE_SECONDS: Final = 30.0
_UPGRADE_SECONDS: Final = 600.0
_UPGRADE_LOCK: Final = 0x52_48_45_55_4E  # any number that nobody else locks in this database
_AWAY: Final = (OperationalError, InterfaceError, PoolTimeoutError)


class Ledger:
    """The ledger of one node. Cheap to open; safe from several threads and processes."""

    def __init__(self, url: str, *, patience_seconds: float = _PATIENCE_SECONDS) -> None:
        """``patience_seconds``: how long a locked or silent database is waited for."""
        self.url = url
        self.engine = open_engine(url, patience_seconds)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that may write: committed and on disk when the block ends, else as if it never was.

        Raises LedgerBusyError when the database does not answer in time.
        """
        with _away_is_busy(), self._sessions() as session:
            session.connection(execution_options={WRITING: True})
            yield session
            write_entries(session)
            session.commit()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that only reads one consistent state. Raises LedgerBusyError as ``write``."""
        with _away_is_busy(), self._sessions() as session:
            yield session

    def upgrade(self) -> None:
        """Bring the tables to the present revision (alembic); harmless when they are, or when two processes do it.

        Raises LedgerBusyError as ``write``.
        """
        if self._revision() == _newest_revision():
            return  # alembic itself takes 12 MB, which a listener at rest does not need
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        engine = open_engine(self.url, _UPGRADE_SECONDS)  # large tables take time, and another process may be at it
        make_database_file(engine)
        try:
            # Begun here, not by alembic: it would look at the revision first, and on SQLite commit after each step.
            with _away_is_busy(), engine.execution_options(**{WRITING: True}).begin() as connection:
                if engine.dialect.name == "postgresql":  # on SQLite a writer is alone by itself
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        finally:
            engine.dispose()

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


@contextmanager
def _away_is_busy() -> Iterator[None]:
    """Whatever says that the database is locked, full or away is one error to everybody else: try again later."""
    try:
        yield
    except _AWAY as error:
        raise LedgerBusyError("The ledger did not answer; it is tried again. See `rheumascore doctor`.") from error
