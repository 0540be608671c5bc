"""The receiving side running inside the test, on a free port, with a ledger and a store of its own."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from dicom_node.content_store import ContentStore
from dicom_node.ledger.tables import InstanceRow, StudyRow, TimelineRow
from dicom_node.peers import Peer
from dicom_node.receiving.association_guard import Deadlines
from dicom_node.receiving.inbox import Inbox
from dicom_node.receiving.listener import Listener
from dicom_node.receiving.study_assembly import StudyAssembly
from dicom_node.settings import LimitsSection, NodeSection, NodeSettings
from scoring.study import Study
from tests.dicom_node.ledger.ledgers import new_ledger
from tests.foreign_programs.programs import free_port

SENDER = Peer("sender", "SENDER", "127.0.0.1", 104, may_send=True)


def node_settings(data_dir: Path, **limits: Any) -> NodeSettings:
    """Settings of a node on a free port that takes from SENDER and ORTHANC on the loopback."""
    orthanc = Peer("orthanc", "ORTHANC", "127.0.0.1", 105, may_send=True, max_associations=32)
    return NodeSettings(
        node=NodeSection(data_dir=data_dir, port=free_port(), quiet_seconds=0.3, max_wait_seconds=60),
        peers=(SENDER, orthanc),
        limits=replace(LimitsSection(free_disk_bytes=1 << 20), **limits),
    )


class RunningNode:
    """Listener and inbox; with ``assembly`` also study assembly. ``routed``: what came to the router."""

    def __init__(
        self, data_dir: Path, *, assembly: bool = False, deadlines: Deadlines | None = None, **limits: Any
    ) -> None:
        self.settings = node_settings(data_dir, **limits)
        self.store = ContentStore(data_dir)
        self.ledger = new_ledger(data_dir)
        self.routed: list[tuple[Study, int]] = []
        node = self.settings.node
        self.assembly = StudyAssembly(
            self.ledger,
            self.store,
            quiet_seconds=node.quiet_seconds,
            max_wait_seconds=node.max_wait_seconds,
            route=self._route,
        )
        self._with_assembly = assembly
        self.inbox = Inbox(self.store, self.ledger, self.settings.limits, on_arrival=self.assembly.wake)
        self.listener = Listener(self.settings, self.inbox, deadlines)
        self.port = self.listener.port
        self._thread = threading.Thread(target=self.listener.serve_until_stopped)

    def __enter__(self) -> Self:
        self._thread.start()
        if self._with_assembly:
            self.assembly.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.stop()
        self._thread.join()
        if self._with_assembly:
            self.assembly.__exit__()
        self.ledger.close()

    @property
    def instances(self) -> list[InstanceRow]:
        with self.ledger.read() as session:
            return list(session.scalars(select(InstanceRow).order_by(InstanceRow.id)))

    @property
    def leftovers(self) -> list[Path]:
        """Files that are being written, or were forgotten."""
        return list((self.settings.node.data_dir / "incoming").iterdir())

    def study(self, uid: str) -> StudyRow | None:
        with self.ledger.read() as session:
            return session.get(StudyRow, uid)

    def events(self, uid: str) -> list[str]:
        with self.ledger.read() as session:
            query = select(TimelineRow.event).where(TimelineRow.study_instance_uid == uid).order_by(TimelineRow.id)
            return list(session.scalars(query))

    def _route(self, _: Session, study: Study, number: int) -> None:
        self.routed.append((study, number))
