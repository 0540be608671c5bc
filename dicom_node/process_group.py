"""``rheumascore run``: the parts of the node as processes of their own, kept alive and stopped together."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from dicom_node.crash_points import ARMED_IN, VARIABLE, crash_at
from dicom_node.errors import LedgerBusyError
from dicom_node.ledger.job_failures import release_leases_of
from dicom_node.ledger.lease_owner import process_prefix
from dicom_node.ledger.ledger import Ledger
from dicom_node.settings import NodeSettings, read_settings
from dicom_node.supervised_part import SupervisedPart

_log = logging.getLogger(__name__)

_LISTENER: Final = "listen"
PARTS: Final = (_LISTENER, "worker --queue scoring", "worker --queue delivery", "web")
_PROGRAM: Final = (sys.executable, "-m", "scoring.cli")
_LOOK_SECONDS: Final = 0.1
_DRAIN_SECONDS: Final = 25.0


def run_group(settings_path: Path, parts: Sequence[str] = PARTS, *, program: Sequence[str] = _PROGRAM) -> int:
    """Start the parts and keep them running until SIGTERM or Ctrl-C; then drain and stop all within 30 s.

    SIGHUP is passed on to the listener, which then looks at its certificate; of a terminal that is gone it is a stop.
    ``program``: what each part's words are given to. Returns 0 after a stop, 1 when a part could not be kept alive.
    Call it from the main thread: the parts end with the thread that started them.
    """
    if ARMED_IN is not None:
        _log.critical("%s is set: this node kills its own processes. That is for tests only.", VARIABLE)
    settings = read_settings(settings_path)
    logs = settings.node.data_dir / "logs"
    logs.mkdir(parents=True, exist_ok=True, mode=0o700)
    group = [
        SupervisedPart(words, [*program, *words.split(), "--config", str(settings_path)], logs / _log_name(words))
        for words in parts
    ]
    ledger = Ledger(settings.database_url)
    with _signals() as (stopping, hung_up):
        ledger.upgrade()  # once, before the parts would all do it
        for part in group:
            part.start()
        failed = _keep_alive(group, stopping, hung_up, settings, ledger)
        _stop_all(group, settings, ledger)
    ledger.close()
    if failed is None:
        return 0
    sys.stderr.write(f"rheumascore: the part {failed.name!r} does not stay alive; its log says why: {failed.log}\n")
    return 1


def _log_name(words: str) -> str:
    return f"{words.split()[-1]}.log"


@contextmanager
def _signals() -> Iterator[tuple[threading.Event, threading.Event]]:
    """An event that SIGTERM and Ctrl-C set, and one that SIGHUP sets."""
    stopping, hung_up = threading.Event(), threading.Event()
    meant = {signal.SIGTERM: stopping, signal.SIGINT: stopping}
    meant[signal.SIGHUP] = stopping if sys.stderr.isatty() else hung_up
    before = {number: signal.signal(number, lambda *_, event=event: event.set()) for number, event in meant.items()}
    try:
        yield stopping, hung_up
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _keep_alive(
    group: Sequence[SupervisedPart],
    stopping: threading.Event,
    hung_up: threading.Event,
    settings: NodeSettings,
    ledger: Ledger,
) -> SupervisedPart | None:
    """Start again what dies. Returns None when told to stop, else the part that cannot be kept alive."""
    while not stopping.wait(_LOOK_SECONDS):
        if hung_up.is_set():
            hung_up.clear()
            _hang_up_listener(group)
        for part in group:
            if part.process is None:
                if monotonic() >= part.restart_at:
                    part.start()
            elif (status := part.process.poll()) is not None:
                crash_at("death_seen")
                _release(part.process.pid, settings, ledger)
                if not part.note_death():
                    part.drain_output()
                    return part
                _log.warning("%s ended with status %d; it is started again.", part.name, status)
    return None


def _hang_up_listener(group: Sequence[SupervisedPart]) -> None:
    """The other parts read their certificates with every association."""
    for part in group:
        if part.process is not None and part.name.startswith(_LISTENER):
            part.process.send_signal(signal.SIGHUP)


def _stop_all(group: Sequence[SupervisedPart], settings: NodeSettings, ledger: Ledger) -> None:
    """Ask every part to end; kill what has not in time. What it was doing is done again after the next start."""
    running = [(part, part.process) for part in group if part.process is not None]
    for _, process in running:
        process.terminate()
    deadline = monotonic() + _DRAIN_SECONDS
    while monotonic() < deadline and any(process.poll() is None for _, process in running):
        sleep(_LOOK_SECONDS)
    for part, process in running:
        if process.poll() is None:
            _log.warning("%s did not end in %.0f s and was killed.", part.name, _DRAIN_SECONDS)
            process.kill()
            process.wait()
            _release(process.pid, settings, ledger)
        part.drain_output()


def _release(pid: int, settings: NodeSettings, ledger: Ledger) -> None:
    """The process is dead: what it held waits again at once, instead of for the end of its lease."""
    try:
        with ledger.write() as session:
            release_leases_of(session, process_prefix(pid), "supervisor", settings.limits.attempts)
    except LedgerBusyError as busy:
        _log.warning("%s The leases of process %d end by themselves.", busy, pid)
