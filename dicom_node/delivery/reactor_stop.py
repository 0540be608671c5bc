"""pynetdicom's reactor thread, stopped while we take an answer ourselves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

_LOOK_SECONDS: Final = 0.05


class ReactorStop(threading.Event):
    """Stops pynetdicom's reactor thread, which would else take the answer before us.

    pynetdicom's own flag says "paused" a moment too early: on a busy machine the reactor still takes one message after
    it (seen: 10 of 4,500 stores hung until the time-out). Here the reactor counts as stopped only once it waits.
    """

    def __init__(self) -> None:
        super().__init__()
        self.set()
        self._waiting = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        """Called by the reactor, once a turn."""
        if not self.is_set():
            self._waiting.set()
        return super().wait(timeout)

    def stop(self, reactor_lives: Callable[[], bool]) -> None:
        """Return once the reactor stands still, or is gone."""
        self._waiting.clear()
        self.clear()
        while not self._waiting.wait(_LOOK_SECONDS) and reactor_lives():
            pass
