"""Stop 1: the DICOM port. Verification, Storage for the peers that may send, reports of storage commitment from
those that receive results. Study assembly runs beside it."""

from __future__ import annotations

import itertools
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable
from typing import Final

from dicom_node.content_store import ContentStore
from dicom_node.ledger.ledger import Ledger
from dicom_node.peers import find_reporters, find_sender
from dicom_node.receiving.association import (
    CALLED_NOT_RECOGNISED,
    CALLING_NOT_RECOGNISED,
    TOO_MANY_ASSOCIATIONS,
    Admitted,
    Association,
    Caller,
    Rejection,
)
from dicom_node.receiving.association_guard import AssociationGuard, Deadlines, GuardedChannel
from dicom_node.receiving.inbox import Inbox
from dicom_node.receiving.presentation_contexts import storage_classes
from dicom_node.receiving.refusal_tally import Refusal, RefusalTally
from dicom_node.receiving.study_assembly import Route, StudyAssembly
from dicom_node.settings import NodeSettings

_DRAIN_SECONDS: Final = 20.0


class Listener:
    """The port, open from construction to ``stop``."""

    def __init__(
        self,
        settings: NodeSettings,
        inbox: Inbox,
        deadlines: Deadlines | None = None,
        refused: Callable[[Refusal], None] = lambda _: None,
    ) -> None:
        """Bind. ``refused`` is told of whoever and whatever is turned away. Raises PortInUseError."""
        self._settings, self._inbox, self._refused = settings, inbox, refused
        self._names = itertools.count(1)
        self._associations: Counter[str] = Counter()
        self._lock = threading.Lock()
        storage_classes()  # once, before the first sender waits for it
        self.guard = AssociationGuard(
            settings.node.host,
            settings.node.port,
            self._serve,
            connections=settings.limits.connections,
            deadlines=deadlines,
        )

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self.guard.port

    def serve_until_stopped(self) -> None:
        """Serve until ``stop``; then what runs may finish for 20 s."""
        self.guard.serve_until_stopped()
        self.guard.wait(_DRAIN_SECONDS)

    def stop(self) -> None:
        """Accept nothing more. From another thread or a signal handler."""
        self.guard.stop()

    def _serve(self, channel: GuardedChannel) -> None:
        admitted: list[str] = []

        def leave() -> None:
            with self._lock:
                self._associations.subtract(admitted)
                admitted.clear()

        def admit(caller: Caller) -> Rejection | Admitted:
            if caller.called_ae_title != self._settings.node.ae_title:
                return CALLED_NOT_RECOGNISED
            sender = find_sender(self._settings.peers, caller.calling_ae_title, caller.address)
            reporters = find_reporters(self._settings.peers, caller.calling_ae_title, caller.address)
            peer = sender or next(iter(reporters), None)
            if peer is None:
                return CALLING_NOT_RECOGNISED
            with self._lock:
                full = self._associations.total() >= self._settings.limits.associations
                if full or self._associations[peer.name] >= peer.max_associations:
                    return TOO_MANY_ASSOCIATIONS
                self._associations[peer.name] += 1
            admitted.append(peer.name)
            return Admitted(sender is not None, frozenset(p.name for p in reporters), leave)

        association = Association(
            channel,
            f"A{next(self._names)}",
            self._inbox,
            admit,
            self._settings.limits.pdu_bytes,
            self.guard.stopping.is_set,
            self._refused,
        )
        try:
            association.serve()
        finally:
            leave()


def listen(
    settings: NodeSettings, store: ContentStore, ledger: Ledger, route: Route, announce: Callable[[], None]
) -> int:
    """Receive, assemble and route until SIGTERM or Ctrl-C; then finish what runs within 20 s. The exit code.

    ``route`` is called with the transaction that closes a study, ``announce`` after it. Raises PortInUseError.
    """
    assembly = StudyAssembly(
        ledger,
        store,
        quiet_seconds=settings.node.quiet_seconds,
        max_wait_seconds=settings.node.max_wait_seconds,
        route=route,
        announce=announce,
    )
    tally = RefusalTally(ledger)
    inbox = Inbox(store, ledger, settings.limits, on_arrival=assembly.wake)
    listener = Listener(settings, inbox, refused=tally.note)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=listener.stop, name="stop").start())
    with tally, assembly:
        sys.stdout.write(f"listening as {settings.node.ae_title} on {settings.node.host}:{listener.port}\n")
        sys.stdout.flush()
        listener.serve_until_stopped()
    return 0
