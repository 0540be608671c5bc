"""What the node does beside its work, in the listener's process: remove what is due, and call a person."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final

import structlog

from dicom_node.alerts.calls import Calls
from dicom_node.background_loop import BackgroundLoop
from dicom_node.content_store import ContentStore
from dicom_node.errors import TransientError
from dicom_node.ledger.ledger import Ledger
from dicom_node.retention import Retention
from dicom_node.settings import NodeSettings

_LOOK_SECONDS: Final = 30.0
_CALLS_EVERY_SECONDS: Final = 30.0
_RETENTION_EVERY_SECONDS: Final = 3600.0


class Upkeep(BackgroundLoop):
    """The loop, in a thread of its own between ``with`` and its end. Several may run on one ledger."""

    def __init__(self, settings: NodeSettings, ledger: Ledger, store: ContentStore) -> None:
        super().__init__("upkeep")
        self._retention = Retention(settings, ledger, store)
        self._chores: list[tuple[str, float, Callable[[], object]]] = [
            ("alerts", _CALLS_EVERY_SECONDS, Calls(settings, ledger).turn),
            ("retention", _RETENTION_EVERY_SECONDS, self._remove_what_is_due),
        ]
        self._due_at = dict.fromkeys((name for name, *_ in self._chores), 0.0)
        self._log = structlog.get_logger("upkeep")

    def _run(self) -> None:
        while not self._stopping.is_set():
            for name, every, chore in self._chores:
                if monotonic() >= self._due_at[name] and not self._stopping.is_set():
                    self._do(name, every, chore)
            self._stopping.wait(_LOOK_SECONDS)

    def _remove_what_is_due(self) -> None:
        while not self._stopping.is_set() and self._retention.turn()[0]:
            pass

    def _do(self, name: str, every: float, chore: Callable[[], object]) -> None:
        self._due_at[name] = monotonic() + every
        try:
            chore()
        except TransientError as later:
            self._log.warning("upkeep_waits", chore=name, code=later.code)
        except Exception as error:  # whatever broke, receiving goes on, and so does this the next time
            self._log.error("upkeep_broke", chore=name, error=type(error).__name__)
