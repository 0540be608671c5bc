"""``rheumascore listen``: receives, assembles studies, routes them, and repeats what the queue lost. No torch."""

from __future__ import annotations

from typing import Final

import structlog
from sqlalchemy.orm import Session

from dicom_node.content_store import ContentStore
from dicom_node.freed_memory import give_large_blocks_back
from dicom_node.ledger.audit_heads import NEWEST, check_trail
from dicom_node.ledger.audit_trail import BrokenEntry
from dicom_node.ledger.ledger import Ledger
from dicom_node.logging_setup import start_logging
from dicom_node.queue.celery_app import celery_app
from dicom_node.queue.relay_and_reaper import RelayAndReaper
from dicom_node.receiving.listener import listen
from dicom_node.receiving.stray_instances import StrayInstances
from dicom_node.routing import route_study
from dicom_node.settings import NodeSettings
from dicom_node.systems_in_use import systems_in_use
from dicom_node.upkeep import Upkeep
from scoring.study import Study

_LEDGER_SECONDS: Final = 5.0
"""A sender waits for its answer: the ledger has so long, then the answer is 0xA700. Workers wait longer."""


def run_listener(settings: NodeSettings) -> int:
    """Receive until SIGTERM. Raises PortInUseError, DataFolderError."""
    start_logging()
    give_large_blocks_back()
    specs = systems_in_use(settings.scoring, settings.trial)
    store = ContentStore(settings.node.data_dir)
    ledger = Ledger(settings.database_url, patience_seconds=_LEDGER_SECONDS)
    ledger.upgrade()
    _look_at_audit_trail(ledger, settings)
    relay = RelayAndReaper(ledger, celery_app(settings), settings)

    def route(session: Session, study: Study, _round: int) -> None:
        route_study(session, study, specs)

    try:
        with relay, StrayInstances(store, ledger), Upkeep(settings, ledger, store):
            return listen(settings, store, ledger, route, relay.announce)
    finally:
        _look_at_audit_trail(ledger, settings)
        ledger.close()


def _look_at_audit_trail(ledger: Ledger, settings: NodeSettings) -> None:
    """Check its newest entries and note its head. A node goes on with a broken one: patients wait; a person is told."""
    log = structlog.get_logger("listener")
    with ledger.read() as session:
        found = check_trail(session, settings.node.data_dir, NEWEST)
    if isinstance(found, BrokenEntry):
        log.error("audit_trail_broken", entry=found.number, fault=found.words, remedy="rheumascore audit verify")
    else:
        log.info("audit_trail_intact", entries=found.number, head=found.hash)
