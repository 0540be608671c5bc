"""The ledger: migrations equal the tables, two may upgrade at once, a transaction stands whole or not at all."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, event, select, text

import dicom_node.ledger.ledger as ledger_module
from dicom_node.errors import LedgerBusyError
from dicom_node.ledger.engines import make_database_file
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import LedgerTable, ResultRow
from dicom_node.ledger.timeline import record, timeline_of

MIGRATIONS = Path(str(ledger_module.__file__)).parent / "migrations"
ROWS_OF_THE_FIRST_VERSION = (
    "INSERT INTO jobs VALUES ('j', 'score', 'k', '1.2', '{}', 'done', 1, 0, NULL, NULL, 1, 0, NULL, NULL, NULL, 0, 0)",
    "INSERT INTO results VALUES ('d', '1.2', 'hand_joints', 'w', 'j', 1, 1, '{}', 0)",
    *(f"INSERT INTO objects VALUES ('2.25.{n}', '1.2.3', 'd', 'comprehensive', 'report', 0, 'c', 0)" for n in range(4)),
    *(
        f"INSERT INTO deliveries VALUES ({n}, 'j', 'pacs', '2.25.{n}', '{state}', NULL, 0, {attempts}, 0)"
        for n, (state, attempts) in enumerate((("sent", 1), ("waiting", 2), ("waiting", 0), ("failed", 1)))
    ),
)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.sqlite3'}"


def test_migrations_make_exactly_the_tables(url: str) -> None:
    ledger = Ledger(url)
    ledger.upgrade()
    with ledger.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), LedgerTable.metadata) == []
    ledger.close()


def test_a_ledger_of_the_first_version_is_brought_up_with_its_rows(url: str) -> None:
    """Given deliveries of a ledger without the later columns; then what was tried counts as perhaps arrived."""
    ledger = Ledger(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    make_database_file(ledger.engine)
    with ledger.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in ROWS_OF_THE_FIRST_VERSION:
            connection.execute(text(statement))
        connection.commit()
    ledger.upgrade()
    with ledger.read() as session:
        rows = session.execute(text("SELECT state, may_be_there FROM deliveries ORDER BY id")).all()
        assert [tuple(row) for row in rows] == [("sent", 1), ("waiting", 1), ("waiting", 0), ("failed", 0)]
        [result] = session.scalars(select(ResultRow))
        assert (result.withdraws, result.subject, result.study_date) == (False, None, "")
    ledger.close()


def test_two_processes_may_upgrade_a_new_ledger_at_once(url: str) -> None:
    program = f"from dicom_node.ledger.ledger import Ledger; Ledger({url!r}).upgrade()"
    both = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    ledger = Ledger(url)
    ledger.upgrade()
    with ledger.read() as session:
        assert timeline_of(session, "1.2") == []
    ledger.close()


def test_nobody_sees_an_upgrade_that_is_half_done(url: str, tmp_path: Path) -> None:
    """Once each step was committed alone: a second process read a revision between two, and took the next step too."""
    seen: list[int] = []

    def look(_: object, __: object, statement: str, *___: object) -> None:
        if "instances_content" in statement:  # a step in the middle
            with closing(sqlite3.connect(tmp_path / "ledger.sqlite3")) as other:
                seen.extend(other.execute("SELECT count(*) FROM sqlite_master").fetchone())

    event.listen(Engine, "before_cursor_execute", look)
    try:
        ledger = Ledger(url)
        ledger.upgrade()
        ledger.close()
    finally:
        event.remove(Engine, "before_cursor_execute", look)
    assert seen == [0]


def test_an_upgrade_of_a_ledger_that_is_away_is_tried_again_later(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").mkdir()  # nothing that SQLite could open
    with closing(Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")) as ledger, pytest.raises(LedgerBusyError):
        ledger.upgrade()


def test_a_ledger_that_is_up_to_date_does_not_load_alembic(url: str) -> None:
    ledger = Ledger(url)
    ledger.upgrade()
    ledger.close()
    program = f"import sys; from dicom_node.ledger.ledger import Ledger; Ledger({url!r}).upgrade(); "
    program += "sys.exit('alembic' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_commit_is_on_disk_and_readers_never_wait(url: str) -> None:
    ledger = Ledger(url)
    ledger.upgrade()
    with ledger.engine.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA synchronous")) == 2, "FULL"
    with ledger.write() as session:
        record(session, "1.2", "test", "received", "one")
        with ledger.read() as other:
            assert timeline_of(other, "1.2") == []
    ledger.close()


def test_a_ledger_that_is_moved_away_takes_nothing_and_its_successor_everything(tmp_path: Path, url: str) -> None:
    """SQLite would go on writing into the file that nobody finds any more, and say that all is well."""
    ledger = Ledger(url)
    ledger.upgrade()
    file, away = tmp_path / "ledger.sqlite3", tmp_path / "away.sqlite3"
    copy_to(file, tmp_path / "restored.sqlite3")
    file.rename(away)
    for _ in range(2):
        with pytest.raises(LedgerBusyError), ledger.write() as session:
            record(session, "1.2", "test", "received", "lost")
        assert not file.exists(), "nor is an empty one put in its place"
    (tmp_path / "restored.sqlite3").rename(file)
    with ledger.write() as session:
        record(session, "1.2", "test", "received", "kept")
    with closing(sqlite3.connect(file)) as restored:
        assert restored.execute("SELECT text FROM timeline").fetchall() == [("kept",)]
    ledger.close()


def copy_to(file: Path, copy: Path) -> None:
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def test_a_locked_ledger_is_waited_for_as_long_as_told(tmp_path: Path, url: str) -> None:
    ledger = Ledger(url, patience_seconds=0.1)
    ledger.upgrade()
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerBusyError), ledger.write():
            pass
        other.execute("ROLLBACK")
    with ledger.write() as session:
        record(session, "1.2", "test", "received", "free again")
    ledger.close()


def test_what_breaks_half_way_never_was(url: str) -> None:
    ledger = Ledger(url)
    ledger.upgrade()
    with pytest.raises(ZeroDivisionError), ledger.write() as session:
        record(session, "1.2", "test", "received", "one")
        session.flush()
        raise ZeroDivisionError
    with ledger.read() as session:
        assert timeline_of(session, "1.2") == []
    ledger.close()
