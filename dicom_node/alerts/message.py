"""One message to a person: what waits, of which kind and how often, since when, and where to look. No patient data."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from dicom_node.alerts.matters import Matter


@dataclass(frozen=True, slots=True)
class AlertLine:
    """Matters of one code and wording."""

    code: str
    words: str
    number: int
    since: str
    """UTC, ISO 8601: of the oldest."""


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """What goes out on a channel at one time."""

    id: str
    """The same matters told at the same time make the same id: who gets it twice can tell."""
    node: str
    sent_at: str
    page: str
    lines: tuple[AlertLine, ...]

    @property
    def subject(self) -> str:
        """One line."""
        number = sum(line.number for line in self.lines)
        return f"{self.node}: {number} matter{'' if number == 1 else 's'} waiting for a person"

    @property
    def text(self) -> str:
        """The whole, for a mail."""
        rows = [f"{line.number:5} x {line.code:12} {line.words} (since {line.since})" for line in self.lines]
        look = f"Look at {self.page} or `rheumascore status`; what the codes mean stands in docs/errors.md."
        return "\n".join([f"On {self.node} waits for a person:", "", *rows, "", look, ""])


def write_message(node: str, page: str, matters: Sequence[tuple[Matter, float]], now: float) -> AlertMessage:
    """``matters``: with the time since when each stands."""
    grouped: dict[tuple[str, str], list[float]] = defaultdict(list)
    for matter, since in matters:
        grouped[matter.code, matter.words].append(since)
    lines = tuple(
        AlertLine(code, words, len(times), _moment(min(times))) for (code, words), times in sorted(grouped.items())
    )
    names = "\n".join(sorted(matter.name for matter, _ in matters))
    name = hashlib.sha256(f"{node}\n{int(now)}\n{names}".encode()).hexdigest()[:32]
    return AlertMessage(name, node, _moment(now), page, lines)


def trial_message(node: str, page: str, now: float) -> AlertMessage:
    """What `rheumascore alerts test` sends."""
    return write_message(node, page, [(Matter("test", "TEST", "this is a test: nothing waits for it"), now)], now)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
