"""Several writers, one transaction: each gets its own outcome, and nobody pays for another's error."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from dicom_node.errors import LedgerBusyError
from dicom_node.ledger.audit_trail import Head, follow_chain
from dicom_node.ledger.group_commit import GroupCommit
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.timeline import record, timeline_of
from tests.dicom_node.ledger.ledgers import new_ledger
from tests.foreign_programs.programs import wait_until


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = new_ledger(tmp_path)
    yield made
    made.close()


class Meeting:
    """Writers that all wait while the first of them is in its transaction."""

    def __init__(self, ledger: Ledger) -> None:
        self.commits = GroupCommit(ledger)
        self.transactions = 0
        self.outcomes: dict[str, object] = {}
        event.listen(ledger.engine, "commit", self._count)

    def hold(self, *acts: tuple[str, Callable[[Session], object]]) -> None:
        """The acts arrive while somebody writes, and therefore come into one group. Returns when all have ended."""
        inside, go_on = threading.Event(), threading.Event()

        def first(session: Session) -> None:
            inside.set()
            assert go_on.wait(60)

        writers = [threading.Thread(target=self._do, args=("first", first))]
        writers[0].start()
        assert inside.wait(60)
        for name, act in acts:
            writers.append(threading.Thread(target=self._do, args=(name, act)))
            writers[-1].start()
        wait_until("all have joined", lambda: len(self.commits._waiting) == len(acts))
        go_on.set()
        for writer in writers:
            writer.join()

    def _do(self, name: str, act: Callable[[Session], object]) -> None:
        try:
            self.outcomes[name] = self.commits.write(act)
        except Exception as error:  # to be looked at by the test
            self.outcomes[name] = error

    def _count(self, _: object) -> None:
        self.transactions += 1


def writes(word: str) -> Callable[[Session], str]:
    """An act that leaves an entry and returns its word."""

    def act(session: Session) -> str:
        record(session, "1.2", "test", "received", word)
        return word

    return act


def breaks(session: Session) -> None:
    """An act that the database refuses."""
    record(session, "1.2", "test", "received", "never")
    session.execute(text("INSERT INTO studies(study_instance_uid) VALUES ('1.2')"))


def words(ledger: Ledger) -> list[str]:
    with ledger.read() as session:
        assert isinstance(follow_chain(session), Head)
        return sorted(row.text for row in timeline_of(session, "1.2"))


def test_those_that_wait_for_the_same_writer_share_one_transaction(ledger: Ledger) -> None:
    """Given five that come while one writes; then there are two commits, and each has its own value."""
    meeting = Meeting(ledger)
    meeting.hold(*((word, writes(word)) for word in "abcde"))
    assert meeting.transactions == 2
    assert meeting.outcomes == {"first": None} | {word: word for word in "abcde"}
    assert words(ledger) == list("abcde")


def test_an_error_of_one_harms_none_of_the_others(ledger: Ledger) -> None:
    meeting = Meeting(ledger)
    meeting.hold(("a", writes("a")), ("broken", breaks), ("b", writes("b")))
    assert (meeting.outcomes["a"], meeting.outcomes["b"]) == ("a", "b")
    assert "NOT NULL" in str(meeting.outcomes["broken"])
    assert words(ledger) == ["a", "b"]


def test_a_ledger_that_is_away_is_said_to_each(ledger: Ledger) -> None:
    """One lock is waited for once, not by one after the other."""
    with ledger.write() as session:
        session.execute(text("ALTER TABLE timeline RENAME TO away"))
    meeting = Meeting(ledger)
    meeting.hold(("a", writes("a")), ("b", writes("b")))
    assert {type(meeting.outcomes[word]) for word in "ab"} == {LedgerBusyError}
    with ledger.write() as session:
        session.execute(text("ALTER TABLE away RENAME TO timeline"))
    assert meeting.commits.write(writes("c")) == "c"
    assert words(ledger) == ["c"]
