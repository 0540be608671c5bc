"""Who was turned away and what was refused, as entries of the audit trail: counted, so that nobody fills the disk.

The first of a kind is written at once, the others of that minute as one entry with their number. So many kinds a
minute are told apart; further ones are one entry together. The log has a line for each.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from time import monotonic
from typing import Final, Literal

from dicom_node.background_loop import BackgroundLoop
from dicom_node.errors import LedgerBusyError
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.timeline import record

_ACTOR: Final = "listener"
_MINUTE: Final = 60.0
_KINDS: Final = 20

RefusalKind = Literal["tls_refused", "association_rejected", "association_aborted", "instance_refused"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """One kind of refusal: of whom, and why. ``reason`` is ours and holds nothing that the caller sent."""

    event: RefusalKind
    calling_ae_title: str
    address: str
    reason: str


_OTHERS: Final = Refusal("association_rejected", "", "several", "and others, see the log of the listener")


class RefusalTally(BackgroundLoop):
    """The counting, and a thread that writes between ``with`` and its end; then nothing is left unwritten."""

    def __init__(self, ledger: Ledger, minute: float = _MINUTE) -> None:
        super().__init__("refusals")
        self._ledger, self._minute = ledger, minute
        self._counts: Counter[Refusal] = Counter()
        self._told: set[Refusal] = set()
        """Of this minute."""
        self._lock = threading.Lock()

    def note(self, refusal: Refusal) -> None:
        """Count it. Never waits for the ledger."""
        with self._lock:
            known = self._counts.keys() | self._told
            if refusal not in known and len(known) >= _KINDS:
                refusal = _OTHERS
            self._counts[refusal] += 1
            if refusal not in self._told:
                self._wake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            end = monotonic() + self._minute
            while not self._stopping.is_set() and self._wake.wait(max(0.0, end - monotonic())):
                self._wake.clear()
                self._write(only_new=True)
            self._write(only_new=False)

    def _write(self, *, only_new: bool) -> None:
        with self._lock:
            taken = {kind: n for kind, n in self._counts.items() if not (only_new and kind in self._told)}
            for kind in taken:
                del self._counts[kind]
            self._told = self._told | taken.keys() if only_new else set()
        if not taken:
            return
        try:
            with self._ledger.write() as session:
                for kind, number in taken.items():
                    caller = kind.calling_ae_title.encode("unicode_escape").decode()
                    record(
                        session, None, _ACTOR, kind.event, f"{caller or 'nobody'} at {kind.address}: {kind.reason}",
                        calling=caller, address=kind.address, reason=kind.reason, count=number,
                    )  # fmt: skip
        except LedgerBusyError:  # with the next minute's
            with self._lock:
                self._counts.update(taken)
