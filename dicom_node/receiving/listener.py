"""Stop 1: the DICOM port. Verification, Storage for the peers that may send, reports of storage commitment from
those that receive results. Study assembly runs beside it."""

from __future__ import annotations

import itertools
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Final

from dicom_node.content_store import ContentStore
from dicom_node.ledger.ledger import Ledger
from dicom_node.receiving.admission import Admission
from dicom_node.receiving.association import Association
from dicom_node.receiving.association_guard import AssociationGuard, Deadlines, GuardedChannel, TlsChoice
from dicom_node.receiving.certificate_watch import CertificateWatch
from dicom_node.receiving.inbox import Inbox
from dicom_node.receiving.presentation_contexts import storage_classes
from dicom_node.receiving.refusal_tally import Refusal, RefusalTally
from dicom_node.receiving.study_assembly import Route, StudyAssembly
from dicom_node.settings import NodeSettings

_DRAIN_SECONDS: Final = 20.0
_STOPS: Final = (signal.SIGTERM, signal.SIGINT)


class Listener:
    """The port, open from construction to ``stop``."""

    def __init__(
        self,
        settings: NodeSettings,
        inbox: Inbox,
        deadlines: Deadlines | None = None,
        refused: Callable[[Refusal], None] = lambda _: None,
        tls: TlsChoice | None = None,
    ) -> None:
        """Bind. ``refused`` is told of whoever and whatever is turned away; ``tls``: None for plain DICOM.

        Raises PortInUseError.
        """
        self._settings, self._inbox, self._refused = settings, inbox, refused
        self._names = itertools.count(1)
        self._admission = Admission(settings)
        storage_classes()  # once, before the first sender waits for it
        self.guard = AssociationGuard(
            settings.node.host,
            settings.node.port,
            self._serve,
            connections=settings.limits.connections,
            deadlines=deadlines,
            tls=tls,
            also_plain_port=settings.tls.also_plain_port if tls else 0,
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
        association = Association(
            channel,
            f"A{next(self._names)}",
            self._inbox,
            self._admission.admit,
            self._settings.limits.pdu_bytes,
            self.guard.stopping.is_set,
            self._refused,
        )
        association.serve()


def listen(
    settings: NodeSettings, store: ContentStore, ledger: Ledger, route: Route, announce: Callable[[], None]
) -> int:
    """Receive, assemble and route until SIGTERM or Ctrl-C; then finish what runs within 20 s. The exit code.

    ``route`` is called with the transaction that closes a study, ``announce`` after it. SIGHUP: look at the certificate
    anew. Raises PortInUseError, and SettingsError for TLS files that cannot be used.
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
    watch = CertificateWatch(settings.tls, ledger) if settings.tls.on else None
    signal.signal(signal.SIGHUP, lambda *_: watch.reload() if watch else None)
    with _stops_held_back():  # from the moment that it can be reached, it can be told to stop
        listener = Listener(settings, inbox, refused=tally.note, tls=watch.context if watch else None)
        for number in _STOPS:
            signal.signal(number, lambda *_: threading.Thread(target=listener.stop, name="stop").start())
    with tally, assembly, watch or nullcontext():
        over = " over TLS" if watch else ""
        sys.stdout.write(f"listening as {settings.node.ae_title} on {settings.node.host}:{listener.port}{over}\n")
        sys.stdout.flush()
        listener.serve_until_stopped()
    return 0


@contextmanager
def _stops_held_back() -> Iterator[None]:
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
