"""The audit trail: the database refuses change, and whoever gets round it is found and the place is named."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

import dicom_node.ledger.ledger as ledger_module
from dicom_node.errors import LedgerBusyError
from dicom_node.ledger.audit_heads import FILE_NAME, check_trail, holds
from dicom_node.ledger.audit_trail import BrokenEntry, Head, entry_hash, follow_chain
from dicom_node.ledger.engines import make_database_file
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import TimelineRow
from dicom_node.ledger.timeline import record
from tests.dicom_node.disk_steps import watched_steps
from tests.dicom_node.ledger.ledgers import new_ledger
from tests.foreign_programs.postgresql import PostgresqlServer

MIGRATIONS = Path(str(ledger_module.__file__)).parent / "migrations"
TRIGGERS = ("timeline_no_update", "timeline_no_delete", "timeline_next_only")
WRITERS = 4
WRITER = """
import sys
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.timeline import record
ledger = Ledger(sys.argv[1])
for n in range(25):
    with ledger.write() as session:
        record(session, "1.2", sys.argv[2], "one", "first of two", n=n)
        record(session, "1.2", sys.argv[2], "two", "second of two", n=n)
    try:
        with ledger.write() as session:
            record(session, "1.2", sys.argv[2], "never", "rolled back")
            raise KeyError
    except KeyError:
        pass
"""


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgresqlServer]:
    with tempfile.TemporaryDirectory() as folder:  # its account may not look into pytest's folders
        Path(folder).chmod(0o755)
        with PostgresqlServer(Path(folder) / "server") as server:
            yield server


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = new_ledger(tmp_path)
    for number in range(1, 11):
        with made.write() as session:
            record(session, "1.2", "test", "happened", f"Entry {number}, größer", number=number, of=(10, None, 0.1))
    yield made
    made.close()


def tamper(ledger: Ledger, *statements: str) -> None:
    """As somebody with the database in hand, who takes the triggers away first."""
    with ledger.engine.connect().execution_options(rheumascore_writing=True) as connection:
        for name in TRIGGERS:
            connection.execute(text(f"DROP TRIGGER {name}"))
        for statement in statements:
            connection.execute(text(statement))
        connection.commit()


def verdict(ledger: Ledger, newest: int | None = None) -> Head | BrokenEntry:
    with ledger.read() as session:
        return follow_chain(session, newest)


def test_an_untouched_trail_is_intact_whole_and_in_part(ledger: Ledger) -> None:
    head = verdict(ledger)
    assert isinstance(head, Head)
    assert head.number == 10
    assert verdict(ledger, 3) == verdict(ledger, 100) == head


def test_the_form_of_the_hash_never_changes() -> None:
    """Given the documented form written out by hand; else every trail that exists would be broken."""
    written = b'["%s",1,2.5,null,"a","e","gr\\u00f6\\u00dfer",{"a":[1,null],"b":"c"}]' % (b"0" * 64)
    expected = hashlib.sha256(written).hexdigest()
    assert entry_hash("0" * 64, 1, 2.5, None, "a", "e", "größer", {"b": "c", "a": [1, None]}) == expected


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE timeline SET text = 'nothing' WHERE id = 5",
        "DELETE FROM timeline WHERE id = 10",
        "INSERT OR REPLACE INTO timeline SELECT id, at, study_instance_uid, actor, event, 'x', detail, hash "
        "FROM timeline WHERE id = 5",
        "INSERT INTO timeline (id, at, actor, event, text, detail, hash) VALUES (12, 0, 'a', 'e', 't', '{}', '')",
    ],
)
def test_the_database_refuses_to_change_an_entry(ledger: Ledger, statement: str) -> None:
    with ledger.engine.connect() as connection, pytest.raises(DBAPIError, match=r"only ever added|next number"):
        connection.execute(text(statement))
    assert isinstance(verdict(ledger), Head)


@pytest.mark.parametrize("column", ["at", "study_instance_uid", "actor", "event", "text", "detail", "hash"])
@pytest.mark.parametrize("number", [1, 5, 10])
def test_a_changed_entry_is_named(ledger: Ledger, number: int, column: str) -> None:
    tamper(ledger, f"UPDATE timeline SET {column} = '1' WHERE id = {number}")
    found = verdict(ledger)
    assert isinstance(found, BrokenEntry)
    assert found.number == number
    assert "changed" in found.words or column == "detail"


def test_every_single_entry_of_many_is_found_when_it_is_changed(ledger: Ledger) -> None:
    tamper(ledger)
    for number in range(1, 11):
        with ledger.engine.connect().execution_options(rheumascore_writing=True) as connection:
            connection.execute(text(f"UPDATE timeline SET text = text || '.' WHERE id = {number}"))
            connection.commit()
            found = verdict(ledger)
            assert isinstance(found, BrokenEntry)
            assert found.number == number
            connection.execute(
                text(f"UPDATE timeline SET text = substr(text, 1, length(text) - 1) WHERE id = {number}")
            )
            connection.commit()
    assert isinstance(verdict(ledger), Head)


def test_a_detail_that_is_no_json_any_more_is_named(ledger: Ledger) -> None:
    tamper(ledger, "UPDATE timeline SET detail = '{' WHERE id = 4")
    assert verdict(ledger) == BrokenEntry(4, "has a detail that is no JSON: it was changed")


@pytest.mark.parametrize("number", [1, 6])
def test_a_removed_entry_is_named(ledger: Ledger, number: int) -> None:
    tamper(ledger, f"DELETE FROM timeline WHERE id = {number}")
    assert verdict(ledger) == BrokenEntry(number, f"is missing; the next is {number + 1}")


def test_a_removed_entry_whose_gap_was_closed_is_named(ledger: Ledger) -> None:
    tamper(
        ledger,
        "DELETE FROM timeline WHERE id = 6",
        *(f"UPDATE timeline SET id={n - 1} WHERE id={n}" for n in range(7, 11)),
    )
    found = verdict(ledger)
    assert isinstance(found, BrokenEntry)
    assert found.number == 6


def test_swapped_entries_are_named(ledger: Ledger) -> None:
    swap = ((3, 99), (7, 3), (99, 7))
    tamper(ledger, *(f"UPDATE timeline SET id = {to} WHERE id = {at}" for at, to in swap))
    found = verdict(ledger)
    assert isinstance(found, BrokenEntry)
    assert found.number == 3


def test_entries_slipped_in_with_a_hash_of_their_own_are_named(ledger: Ledger) -> None:
    tamper(ledger, f"INSERT INTO timeline VALUES (11, 0, '1.2', 'a', 'e', 't', '{{}}', '{'a' * 64}')")
    found = verdict(ledger)
    assert isinstance(found, BrokenEntry)
    assert found.number == 11


def test_a_cut_tail_is_found_by_a_head_that_was_noted(ledger: Ledger, tmp_path: Path) -> None:
    """Given a chain that is whole in itself after its end was cut; then the file beside it tells, and goes on to."""
    with ledger.read() as session:
        head = check_trail(session, tmp_path)
    assert isinstance(head, Head)
    tamper(ledger, "DELETE FROM timeline WHERE id > 7")
    assert isinstance(verdict(ledger), Head), "the chain alone cannot tell"
    cut = BrokenEntry(8, f"is missing: 10 entries were noted in {FILE_NAME}, 7 are left")
    with ledger.read() as session:
        assert check_trail(session, tmp_path) == check_trail(session, tmp_path, 2) == cut
        assert not holds(session, head.hash)
    for number in range(5):  # filled up again, with other entries
        with ledger.write() as session:
            record(session, None, "test", "happened", f"Something else {number}")
    with ledger.read() as session:
        found = check_trail(session, tmp_path)
        assert isinstance(found, BrokenEntry)
        assert (found.number, found.words.split(":")[0]) == (10, f"has not the hash that was noted in {FILE_NAME}")


def test_heads_are_noted_once_and_a_torn_line_is_passed_over(ledger: Ledger, tmp_path: Path) -> None:
    with ledger.read() as session:
        first = check_trail(session, tmp_path)
        check_trail(session, tmp_path)
        assert len((tmp_path / FILE_NAME).read_text().splitlines()) == 1
        with (tmp_path / FILE_NAME).open("a") as file:
            file.write("2026-01-01T00:00:00Z 99 abc\n")
        assert check_trail(session, tmp_path) == first


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_head_is_on_disk_when_it_is_noted(tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = watched_steps(monkeypatch)
    with ledger.read() as session:
        assert isinstance(check_trail(session, tmp_path), Head)
    assert ("fsync", str(tmp_path / FILE_NAME)) in steps


def test_an_older_ledger_is_chained_once_in_its_order(tmp_path: Path) -> None:
    """Given rows of the second version, with a gap as PostgreSQL leaves them; then they are numbered and chained."""
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    make_database_file(ledger.engine)
    with ledger.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for number in (2, 3, 7):
            row = f"{number}, {number}.25, '1.2', 'a', 'e', 'Row {number}', '{{\"b\": 1}}'"
            connection.execute(text(f"INSERT INTO timeline VALUES ({row})"))
        connection.commit()
    ledger.upgrade()
    with ledger.write() as session:
        record(session, "1.2", "test", "happened", "After")
    with ledger.read() as session:
        assert [(r.id, r.text) for r in session.scalars(select(TimelineRow).order_by(TimelineRow.id))] == [
            (1, "Row 2"), (2, "Row 3"), (3, "Row 7"), (4, "After"),
        ]  # fmt: skip
    head = verdict(ledger)
    assert isinstance(head, Head)
    assert head.number == 4
    ledger.close()


def test_several_processes_write_one_chain_on_sqlite(tmp_path: Path) -> None:
    several_write(new_ledger(tmp_path))


def test_several_processes_write_one_chain_on_postgresql(postgresql: PostgresqlServer) -> None:
    """Also there the database refuses change, and gaps of rolled back transactions are none."""
    ledger = Ledger(postgresql.url)
    ledger.upgrade()
    several_write(ledger)
    for statement in ("UPDATE timeline SET text = 'x' WHERE id = 5", "DELETE FROM timeline", "TRUNCATE timeline"):
        with ledger.engine.connect() as connection, pytest.raises(DBAPIError, match="only ever added"):
            connection.execute(text(statement))
    with ledger.engine.connect() as connection:
        connection.execute(text("ALTER TABLE timeline DISABLE TRIGGER ALL"))
        connection.execute(text("UPDATE timeline SET text = 'x' WHERE id = 5"))
        connection.commit()
    found = verdict(ledger)
    assert isinstance(found, BrokenEntry)
    assert found.number == 5
    ledger.close()


def several_write(ledger: Ledger) -> None:
    program = [sys.executable, "-c", WRITER, ledger.url]
    processes = [subprocess.Popen([*program, f"writer {n}"]) for n in range(WRITERS)]
    assert [process.wait(120) for process in processes] == [0] * WRITERS
    head = verdict(ledger)
    assert isinstance(head, Head), head
    assert head.number == WRITERS * 50
    with ledger.read() as session:
        rows = list(session.scalars(select(TimelineRow).order_by(TimelineRow.id)))
    pairs = zip(rows[::2], rows[1::2], strict=True)
    assert all((a.actor, a.event, a.detail) == (b.actor, "one", b.detail) and b.event == "two" for a, b in pairs)


def test_an_entry_and_what_it_tells_of_stand_or_fall_together(ledger: Ledger) -> None:
    """Given an entry that the database refuses; then the act is not done either, and the trail is as it was."""
    with ledger.engine.connect().execution_options(rheumascore_writing=True) as connection:
        connection.execute(
            text("CREATE TRIGGER full BEFORE INSERT ON timeline BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        )
        connection.commit()
    with pytest.raises((DBAPIError, LedgerBusyError)), ledger.write() as session:
        session.execute(text("UPDATE studies SET state = 'delivered'"))
        record(session, "1.2", "test", "delivered", "Not to be written")
    assert isinstance(verdict(ledger), Head)
