"""The embedded queue: a hint once, in order, and nothing that piles up."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from time import time

import pytest
from celery import Celery

from dicom_node.queue.celery_app import EMBEDDED_FILE, celery_app, hint, waiting_hints
from tests.dicom_node.queue.worker_program import settings_for


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Celery]:
    made = celery_app(settings_for(tmp_path))
    yield made
    made.close()


@pytest.fixture
def file(tmp_path: Path, app: Celery) -> Iterator[sqlite3.Connection]:
    """The queue's file as somebody else sees it."""
    assert waiting_hints(app, "scoring") == 0
    connection = sqlite3.connect(tmp_path / EMBEDDED_FILE, isolation_level=None)
    yield connection
    connection.close()


def test_a_hint_that_still_waits_is_not_written_twice(app: Celery) -> None:
    assert all(hint(app, "score", job_id) for job_id in ("a", "b", "a"))
    assert waiting_hints(app, "scoring") == 2
    assert waiting_hints(app, "delivery") == 0


def test_hints_come_in_their_order_and_a_taken_one_is_gone(app: Celery) -> None:
    for job_id in ("a", "b", "c"):
        hint(app, "report", job_id)
    with app.connection_for_read() as connection:
        queue = app.amqp.queues["delivery"].bind(connection.default_channel)
        taken = [queue.get(no_ack=True).properties["correlation_id"] for _ in range(3)]
        assert queue.get(no_ack=True) is None
    assert taken == ["a", "b", "c"]
    assert waiting_hints(app, "delivery") == 0


def test_what_was_taken_and_not_done_goes_back_when_the_taker_ends_in_order(app: Celery) -> None:
    hint(app, "score", "a")
    with app.connection_for_read() as connection:
        assert app.amqp.queues["scoring"].bind(connection.default_channel).get() is not None
        assert waiting_hints(app, "scoring") == 0
    assert waiting_hints(app, "scoring") == 1


def test_a_message_written_by_another_process_is_seen(app: Celery, file: sqlite3.Connection) -> None:
    """Given a consumer that found the queue empty; when another connection writes; then the next look finds it."""
    with app.connection_for_read() as connection:
        queue = app.amqp.queues["scoring"].bind(connection.default_channel)
        assert queue.get(no_ack=True) is None
        hint(app, "score", "a")
        assert queue.get(no_ack=True) is not None


def test_broadcasts_to_workers_that_are_gone_are_swept(app: Celery, file: sqlite3.Connection) -> None:
    """Given the queue of a worker that was killed; when commands are broadcast; then its messages and it go away."""
    long_ago = time() - 3600
    file.execute("insert into bindings values('celery.pidbox', '', '', 'dead.pidbox', ?)", (long_ago,))
    file.execute("insert into messages(queue, body, expires) values('dead.pidbox', '{}', ?)", (long_ago,))
    app.control.broadcast("ping")
    assert file.execute("select queue from bindings where seen is not null").fetchall() == []
    assert file.execute("select * from messages").fetchall() == []


def test_the_file_is_for_its_owner_only(tmp_path: Path, app: Celery) -> None:
    hint(app, "score", "a")
    assert (tmp_path / EMBEDDED_FILE).stat().st_mode & 0o077 == 0
