"""What a soak did and met, counted as it goes on, and written to a file so that it is known even when it is cut."""

from __future__ import annotations

import json
import threading
from collections import Counter
from pathlib import Path


class Tally:
    """Counts by words such as ``kill: listener``. Safe from several threads."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.broken: list[str] = []
        """What was not as promised, in words."""
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def count(self, what: str, number: int = 1) -> None:
        """One more of these, or so many."""
        with self._lock:
            self._counts[what] += number

    def of(self, beginning: str) -> int:
        """The sum of all counts whose words begin so."""
        with self._lock:
            return sum(number for what, number in self._counts.items() if what.startswith(beginning))

    def write(self, path: Path) -> None:
        """Everything so far, as JSON; the file is never half there."""
        with self._lock:
            known = {"seed": self.seed, "counts": dict(sorted(self._counts.items())), "broken": self.broken}
        part = path.with_suffix(".part")
        part.write_text(json.dumps(known, indent=2), encoding="utf-8")
        part.replace(path)

    @property
    def text(self) -> str:
        """One line for each count, then each promise that was broken."""
        with self._lock:
            lines = [f"{number:8}  {what}" for what, number in sorted(self._counts.items())]
        return "\n".join([f"seed {self.seed}", *lines, *(f"NOT AS PROMISED: {words}" for words in self.broken)])
