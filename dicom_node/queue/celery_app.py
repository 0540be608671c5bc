"""Celery as we use it: it carries job ids between processes, on the embedded queue, RabbitMQ or Redis alike.

What each setting guards against was measured: acknowledged late and rejected when the worker is lost, so that a hint
survives the worker; one hint at a time, so that none waits behind a long job; no results, because the ledger has them;
every wait on a broker bounded, because one that accepts and is silent would hold us for ever.

Celery's time limits, memory limits and soft shutdown act on its pool of processes only, which we do not use: a job that
hangs ends its worker (``ledger/lease_keeper.py``), what decodes pixels has limits of the kernel, and a worker that is
told to stop finishes what it has in hand or is killed by its supervisor (``process_group.py``).
"""

from __future__ import annotations

import logging
import os
import socket
import warnings
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from celery import Celery
from celery.platforms import SecurityWarning
from kombu.entity import Exchange, Queue

from dicom_node.ledger.jobs import JobKind
from dicom_node.queue import embedded_broker
from dicom_node.settings import NodeSettings

_log = logging.getLogger(__name__)

QUEUE_OF: Final[dict[JobKind, str]] = {
    "score": "scoring",
    "report": "delivery",
    "deliver": "delivery",
    "commit": "delivery",
    "find": "delivery",
}
TASK_OF: Final[dict[JobKind, str]] = {kind: f"rheumascore.{kind}" for kind in QUEUE_OF}
QUEUES: Final = ("scoring", "delivery")
DELIVERY_THREADS: Final = 4
EMBEDDED_FILE: Final = "queue.sqlite3"
_CONNECT_SECONDS: Final = 4
_SOCKET_SECONDS: Final = 3
_VISIBILITY_SECONDS: Final = 3600
"""Redis gives a hint again after this; longer than any job, because the relay is quicker anyway."""
_RETRY_ONCE: Final = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
_HINT_LIFE_SECONDS: Final = 3600
"""RabbitMQ drops a hint that nobody took for so long; the relay gives it again."""


def celery_app(settings: NodeSettings) -> Celery:
    """The application for one node. Nothing is global: two of them live side by side."""
    app = Celery("rheumascore", set_as_current=False)
    url = settings.queue.url.reveal()
    app.conf.update(
        broker_url=url or embedded_broker.URL,
        broker_transport_options=_transport_options(settings),
        broker_connection_timeout=_CONNECT_SECONDS,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,  # a worker waits for its broker as long as it takes
        broker_heartbeat=60,
        task_queues=tuple(_queue(name, url) for name in QUEUES),
        task_create_missing_queues=False,
        task_default_queue=QUEUES[0],
        task_serializer="json",
        accept_content=["json"],
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_acks_on_failure_or_timeout=True,
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        task_publish_retry=False,
        worker_prefetch_multiplier=1,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_consumer="dicom_node.queue.consumer:HintConsumer",
        worker_detect_quorum_queues=True,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=False,
        enable_utc=True,
    )
    return app


def _transport_options(settings: NodeSettings) -> dict[str, Any]:
    scheme = urlsplit(settings.queue.url.reveal()).scheme
    if not scheme:
        embedded_broker.register_transport()
        settings.node.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        return {"path": str(settings.node.data_dir / EMBEDDED_FILE)}
    if scheme.startswith("amqp"):
        return {"confirm_publish": True, "read_timeout": _SOCKET_SECONDS, "write_timeout": _SOCKET_SECONDS}
    return {
        "visibility_timeout": _VISIBILITY_SECONDS,
        "socket_timeout": _SOCKET_SECONDS,
        "socket_connect_timeout": _CONNECT_SECONDS,
        "socket_keepalive": True,
        "retry_on_timeout": False,
    }


def _queue(name: str, url: str) -> Queue:
    arguments = {"x-queue-type": "quorum"} if url.startswith("amqp") else None
    exchange = Exchange(name, type="direct", durable=True)
    return Queue(name, exchange, routing_key=name, durable=True, queue_arguments=arguments)


def hint(app: Celery, kind: JobKind, job_id: str) -> bool:
    """Tell the queue that this job waits. False, and a line in the log, when the broker is away: the relay repeats."""
    try:
        app.send_task(
            TASK_OF[kind],
            args=[job_id],
            task_id=job_id,
            queue=QUEUE_OF[kind],
            retry=True,  # once, at once: a kept connection may have died since
            retry_policy=_RETRY_ONCE,
            timeout=_SOCKET_SECONDS,
            confirm_timeout=_SOCKET_SECONDS,
            expiration=_HINT_LIFE_SECONDS,
            ignore_result=True,
        )
    except Exception as error:  # a broker fails in any way of its client's; whatever it is, the ledger keeps the work
        _log.warning("The queue did not take a hint (%s); the relay repeats it.", type(error).__name__)
        return False
    return True


def waiting_hints(app: Celery, queue: str) -> int | None:
    """How many hints lie on this queue; None when the broker is away."""
    try:
        with app.connection_for_write() as connection, connection.channel() as channel:
            return int(app.amqp.queues[queue].bind(channel).queue_declare().message_count)
    except Exception as error:  # as above
        _log.warning("The queue %r does not answer (%s).", queue, type(error).__name__)
        return None


def start_worker(app: Celery, queues: tuple[str, ...], prewarm: Callable[[], None] | None = None) -> int:
    """Work until SIGTERM or Ctrl-C, then finish what is in hand. Returns the exit status.

    Scoring runs in this very thread (pool ``solo``), so that torch and the weights are loaded once; ``prewarm`` loads
    them before the first hint is taken. Delivery waits on the network most of the time and runs on a few threads.
    """
    if prewarm is not None:
        prewarm()
    solo = "scoring" in queues
    with warnings.catch_warnings():
        # Celery warns of root because of pickled messages; ours are JSON and nothing else is accepted.
        warnings.simplefilter("ignore", SecurityWarning)
        worker = _worker(app, queues, solo)
    worker.start()
    return int(worker.exitcode or 0)


def _worker(app: Celery, queues: tuple[str, ...], solo: bool) -> Any:
    return app.Worker(
        pool="solo" if solo else "threads",
        concurrency=1 if solo else DELIVERY_THREADS,
        queues=list(queues),
        hostname=f"{'+'.join(queues)}-{os.getpid()}@{socket.gethostname()}",
        loglevel="WARNING",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
