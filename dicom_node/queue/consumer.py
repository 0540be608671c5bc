"""Celery's consumer without what we never use, and awake often enough to see that it is told to stop."""

from __future__ import annotations

from typing import Any, Final

from celery import bootsteps
from celery.worker.consumer import Consumer
from celery.worker.consumer.connection import Connection

_WAKE_SECONDS: Final = 0.5


class WakesForSignals(bootsteps.StartStopStep):  # type: ignore[misc]  # celery is not typed
    """On RabbitMQ the event loop sleeps until the next message; SIGTERM alone does not end that sleep (PEP 475)."""

    requires = (Connection,)

    def start(self, consumer: Any) -> None:
        """Begin to wake; harmless when it is begun again after a reconnect."""
        if consumer.hub is not None:
            consumer.hub.call_repeatedly(_WAKE_SECONDS, _nothing)


class HintConsumer(Consumer):  # type: ignore[misc]  # celery is not typed
    """Takes hints. RabbitMQ's delayed delivery is left out: waiting is the ledger's, and it would make 28 queues."""

    class Blueprint(Consumer.Blueprint):  # type: ignore[misc]  # celery is not typed
        """Its steps."""

        default_steps: Final = [
            *(step for step in Consumer.Blueprint.default_steps if "delayed_delivery" not in step),
            WakesForSignals,
        ]


def _nothing() -> None:
    pass
