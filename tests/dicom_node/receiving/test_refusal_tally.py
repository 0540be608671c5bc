"""Who is turned away stands in the audit trail, once a kind and minute, however often it comes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from dicom_node.ledger.audit_trail import Head, follow_chain
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import TimelineRow
from dicom_node.receiving.refusal_tally import Refusal, RefusalTally
from tests.dicom_node.ledger.ledgers import new_ledger
from tests.dicom_node.receiving.instances import CR, encoded, radiograph
from tests.dicom_node.receiving.listener_process import ListenerProcess
from tests.dicom_node.receiving.raw_sender import RawSender, store_command
from tests.foreign_programs.dcmtk import echoscu
from tests.foreign_programs.programs import wait_until

STRANGER = Refusal("association_rejected", "STRANGER", "127.0.0.1", "calling AE title not recognised")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = new_ledger(tmp_path)
    yield made
    made.close()


def entries(ledger: Ledger) -> list[TimelineRow]:
    with ledger.read() as session:
        return list(session.scalars(select(TimelineRow).order_by(TimelineRow.id)))


def test_the_first_is_written_at_once_and_the_others_with_their_number(ledger: Ledger) -> None:
    with RefusalTally(ledger) as tally:
        tally.note(STRANGER)
        wait_until("the first entry", lambda: entries(ledger))
        for _ in range(1000):
            tally.note(STRANGER)
    found = entries(ledger)
    assert [row.detail["count"] for row in found] == [1, 1000]
    assert {(row.event, row.text) for row in found} == {
        ("association_rejected", "STRANGER at 127.0.0.1: calling AE title not recognised")
    }


def test_callers_without_number_cannot_fill_the_trail(ledger: Ledger) -> None:
    with RefusalTally(ledger) as tally:
        for number in range(5000):
            tally.note(Refusal("association_rejected", f"AE{number}", "127.0.0.1", "calling AE title not recognised"))
    found = entries(ledger)
    assert len(found) <= 42
    assert sum(row.detail["count"] for row in found) == 5000


def test_a_new_minute_begins_anew(ledger: Ledger) -> None:
    with RefusalTally(ledger, minute=0.05) as tally:
        for number in range(1, 4):
            tally.note(STRANGER)
            wait_until("an entry each", lambda n=number: sum(row.detail["count"] for row in entries(ledger)) == n)


def test_what_the_ledger_cannot_take_now_is_written_later(ledger: Ledger, tmp_path: Path) -> None:
    """Given a ledger that refuses; when it takes again; then nothing was lost and nothing waited for it."""
    with (
        closing(sqlite3.connect(tmp_path / "ledger.sqlite3", isolation_level=None)) as other,
        RefusalTally(ledger, minute=0.05) as tally,
    ):
        other.execute("ALTER TABLE timeline RENAME TO away")
        for _ in range(7):
            tally.note(STRANGER)
        time.sleep(0.2)  # for some attempts in vain
        other.execute("ALTER TABLE away RENAME TO timeline")
    assert sum(row.detail["count"] for row in entries(ledger)) == 7


def test_a_caller_named_with_control_characters_is_written_harmlessly(ledger: Ledger) -> None:
    with RefusalTally(ledger) as tally:
        tally.note(Refusal("association_rejected", "A\x00\x1b[2J\né", "127.0.0.1", "calling AE title not recognised"))
    [row] = entries(ledger)
    assert row.detail["calling"] == "A\\x00\\x1b[2J\\n\\xe9"


def test_a_listener_writes_strangers_broken_protocol_and_refused_instances(tmp_path: Path) -> None:
    """Given a running listener; when it turns away one of each; then the trail says whom and why, and is intact."""
    listener = ListenerProcess(tmp_path)
    listener.start()
    try:
        assert echoscu(listener.port, calling="STRANGER").returncode != 0
        ds = radiograph()
        with RawSender(listener.port) as sender:
            sender.associate()
            sender.send_command(store_command(CR, ds.SOPInstanceUID))
            sender.send_data(encoded(ds)[:-5], last=True)
            assert sender.receive().status != 0
        assert listener.stop() == 0
    finally:
        listener.kill()
    ledger = Ledger(f"sqlite:///{listener.data_dir / 'ledger.sqlite3'}")
    found = {(row.event, row.detail["calling"], row.detail["reason"][:6]) for row in entries(ledger)}
    assert ("association_rejected", "STRANGER", "callin") in found
    assert ("instance_refused", "SENDER", "0xC000") in found
    with ledger.read() as session:
        head = follow_chain(session)
    ledger.close()
    assert isinstance(head, Head)
    assert head.hash in (listener.data_dir / "audit_heads.txt").read_text()
