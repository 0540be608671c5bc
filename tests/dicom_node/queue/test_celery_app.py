"""What must hold of Celery whatever the broker: settings that guard work, and brokers that are away or silent."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

from dicom_node.queue.celery_app import celery_app, hint, waiting_hints
from tests.dicom_node.queue.worker_program import settings_for
from tests.foreign_programs.programs import free_port
from tests.foreign_programs.redis import RedisServer


def test_rabbitmq_keeps_hints_in_quorum_queues_and_confirms(tmp_path: Path) -> None:
    app = celery_app(settings_for(tmp_path, "amqp://localhost"))
    assert all(queue.queue_arguments == {"x-queue-type": "quorum"} for queue in app.conf.task_queues)
    assert app.conf.broker_transport_options["confirm_publish"]


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_is_away_is_said_not_raised(tmp_path: Path, scheme: str) -> None:
    app = celery_app(settings_for(tmp_path, f"{scheme}://127.0.0.1:{free_port()}"))
    assert not hint(app, "score", "a")
    assert waiting_hints(app, "scoring") is None


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_accepts_and_is_silent_does_not_hold_us(tmp_path: Path, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        app = celery_app(settings_for(tmp_path, f"{scheme}://127.0.0.1:{silent.getsockname()[1]}"))
        assert not hint(app, "score", "a")


def test_a_broker_that_comes_back_is_used_again(tmp_path: Path, redis_server: RedisServer) -> None:
    app = celery_app(settings_for(tmp_path, redis_server.url))
    assert hint(app, "score", "a")
    redis_server.stop()
    assert not hint(app, "score", "b")
    redis_server.start()
    assert hint(app, "score", "c")
    assert waiting_hints(app, "scoring") == 1


def test_a_broker_that_stops_answering_does_not_hold_us(tmp_path: Path, redis_server: RedisServer) -> None:
    app = celery_app(settings_for(tmp_path, redis_server.url))
    assert hint(app, "score", "a")
    assert redis_server.process is not None
    os.kill(redis_server.process.pid, signal.SIGSTOP)
    try:
        assert not hint(app, "score", "b")
    finally:
        os.kill(redis_server.process.pid, signal.SIGCONT)
