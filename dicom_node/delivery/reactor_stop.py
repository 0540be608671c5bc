"""pynetdicom's reactor thread, stopped while we take an answer ourselves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

_LOOK_SECONDS: Final = 0.05


class ReactorStop:
    """Stops pynetdicom's reactor thread, which would else take the answer before us.

    pynetdicom's own flag says "paused" a moment too early: on a busy machine the reactor still takes one message after
    it (seen: 10 of 4,500 stores hung until the time-out). Here whether it may run and whether it stands are one state
    under one lock: between its look at the one and its word of the other nobody can come.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._may_run, self._stands = True, False

    def wait(self) -> None:
        """Called by the reactor, once a turn."""
        with self._changed:
            self._stands = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._may_run)
            self._stands = False

    def stop(self, reactor_lives: Callable[[], bool]) -> None:
        """Return once the reactor stands still, or is gone."""
        with self._changed:
            self._may_run = False
            while not self._stands and reactor_lives():
                self._changed.wait(_LOOK_SECONDS)

    def set(self) -> None:
        """Let the reactor go on. Called by pynetdicom too, which takes this for the event that it made itself."""
        with self._changed:
            self._may_run = True
            self._changed.notify_all()

    def clear(self) -> None:
        """Called by pynetdicom before it exchanges a message itself."""
        with self._changed:
            self._may_run = False
