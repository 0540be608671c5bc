"""Work that goes on beside the rest of its process: a thread between ``with`` and its end."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import Self


class BackgroundLoop(ABC):
    """``_run`` in a thread of its own. Leaving ``with`` sets ``_stopping``, wakes it and waits for it to return."""

    def __init__(self, name: str) -> None:
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._wake.set()
        self._thread.join()

    @abstractmethod
    def _run(self) -> None:
        """Until ``_stopping`` is set; waits for ``_wake``, or for ``_stopping`` where nobody wakes it."""
