"""``rheumascore worker``: one process that takes hints from its queues until it is told to stop."""

from __future__ import annotations

import gc
from functools import partial

from dicom_node.logging_setup import start_logging
from dicom_node.queue.celery_app import QUEUES as ALL_QUEUES
from dicom_node.queue.celery_app import celery_app, start_worker
from dicom_node.settings import NodeSettings
from dicom_node.systems_in_use import systems_in_use
from dicom_node.tasks import Workplace, register_tasks
from scoring.catalogue import list_systems

QUEUES = ALL_QUEUES


def run_worker(settings: NodeSettings, queues: tuple[str, ...]) -> int:
    """Work until SIGTERM. A scoring worker loads every system before it takes its first job."""
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
        for spec in systems_in_use(workplace.settings.scoring, workplace.settings.trial):
            workplace.system(spec.key)
    # What is loaded now stays for ever: the garbage collector need not walk it during every report.
    gc.collect()
    gc.freeze()
