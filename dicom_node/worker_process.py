"""``rheumascore worker``: one process that takes hints from its queues until it is told to stop."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import partial
from time import time

from celery.signals import task_postrun

from dicom_node.ledger.due_jobs import one_waits
from dicom_node.logging_setup import start_logging
from dicom_node.queue.celery_app import QUEUE_OF, celery_app, start_worker
from dicom_node.queue.celery_app import QUEUES as ALL_QUEUES
from dicom_node.settings import NodeSettings
from dicom_node.tasks import Workplace, register_tasks
from scoring.catalogue import list_systems

QUEUES = ALL_QUEUES


def run_worker(settings: NodeSettings, queues: tuple[str, ...]) -> int:
    """Work until SIGTERM. A scoring worker has every system loaded before its first study, unless one waits already."""
    start_logging()
    app = celery_app(settings)
    workplace = Workplace.open(settings, app)
    workplace.ledger.upgrade()
    register_tasks(app, workplace)
    workplace.decoder.start()
    try:
        return start_worker(app, queues, partial(_warm_up, workplace, queues))
    finally:
        workplace.close()


def _warm_up(workplace: Workplace, queues: tuple[str, ...]) -> None:
    list_systems()  # whatever it does, its specs must be what they were sealed as
    if "scoring" in queues:
        job_waits = partial(_job_waits, workplace, queues)
        workplace.systems.load_ahead(job_waits)
        task_postrun.connect(partial(_load_more, workplace, job_waits), weak=False)
    _keep_what_is_loaded()


def _job_waits(workplace: Workplace, queues: tuple[str, ...]) -> bool:
    with workplace.ledger.read() as session:
        return one_waits(session, [kind for kind, queue in QUEUE_OF.items() if queue in queues], time())


def _load_more(workplace: Workplace, job_waits: Callable[[], bool], **_: object) -> None:
    """After a job: the systems that were left out until now because one waited."""
    if workplace.systems.load_ahead(job_waits):
        _keep_what_is_loaded()


def _keep_what_is_loaded() -> None:
    """It stays for ever: the garbage collector need not walk it during every report."""
    gc.collect()
    gc.freeze()
