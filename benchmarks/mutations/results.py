"""What is known of each guard: the test that failed without it, or that none did, or why none can."""

from __future__ import annotations

import json
import threading
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.mutations.mutant import Mutant


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one guard."""

    test: str = ""
    """The first test that failed; empty: none did."""
    fault: str = ""
    """Why nothing is known; empty: it was tried."""

    @property
    def words(self) -> str:
        """For the one who waits."""
        return self.fault or self.test or "SURVIVED"


class Results:
    """A file that outlives a run that is cut. Safe from several threads."""

    def __init__(self, path: Path, commit: str) -> None:
        self._path, self.commit = path, commit
        self._lock = threading.Lock()
        self._kept: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}

    def keep(self, guard: Mutant, verdict: Verdict) -> None:
        """Write it down, with the commit."""
        with self._lock:
            self._kept[guard.name] = {
                "fingerprint": guard.fingerprint,
                "test": verdict.test,
                "fault": verdict.fault,
                "commit": self.commit,
                "at": f"{datetime.now(UTC):%Y-%m-%d}",
            }
            self._path.write_text(json.dumps(self._kept, indent=1))

    def of(self, guard: Mutant) -> Verdict | None:
        """None when it was never tried, or its function has changed since."""
        kept = self._kept.get(guard.name)
        if kept is None or kept["fingerprint"] != guard.fingerprint:
            return None
        return Verdict(kept["test"], kept["fault"])

    def noticing_near(self, guard: Mutant) -> list[str]:
        """Tests that noticed other guards of its function, then of its file; each once, with all its parameters."""
        place = f"{guard.path}:"
        near = [(name, kept["test"]) for name, kept in self._kept.items() if name.startswith(place) and kept["test"]]
        near.sort(key=lambda found: not found[0].startswith(f"{place}{guard.function or '-'}:"))
        return list(dict.fromkeys(test.partition("[")[0] for _, test in near))

    def is_known(self, guard: Mutant, *, again: bool) -> bool:
        """True when it need not be tried: a test noticed it, or none did and ``again`` is not asked for."""
        verdict = self.of(guard)
        return verdict is not None and not verdict.fault and (bool(verdict.test) or not again)


class Equivalents:
    """Guards without which nothing changes, each with its reason."""

    def __init__(self, reasons: dict[str, str]) -> None:
        self._reasons = reasons

    def reason(self, guard: Mutant) -> str:
        """Why it cannot be noticed; empty when it should be."""
        return self._reasons.get(guard.name, "")

    def unknown(self, guards: list[Mutant]) -> list[str]:
        """Names that no guard has any more."""
        return sorted(set(self._reasons) - {guard.name for guard in guards})


def read_equivalents() -> Equivalents:
    """``equivalent.toml`` beside this file: the names of guards under the reason that they share."""
    raw = tomllib.loads((Path(__file__).parent / "equivalent.toml").read_text(encoding="utf-8"))
    return Equivalents({name: entry["reason"] for entry in raw.get("equivalent", []) for name in entry["guards"]})
