"""``[retention]`` of node.toml: how long what is kept is kept. Nothing is removed unless a key here says so."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

DAY_SECONDS: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class RetentionSection:
    """``[retention]``: days after the last event of a study, by its state; 0: for ever.

    A study in any other state, and one that a destination did not get or did not commit, is kept whatever stands here.
    """

    delivered_days: float = 0.0
    """Received images of a study whose results are where they belong."""
    not_evaluable_days: float = 0.0
    """Received images of a study that no system could evaluate, and whose report says so where it belongs."""
    no_system_days: float = 0.0
    """Received instances of a study that no system scores."""
    results_days: float = 0.0
    """Written reports, pictures and arrays, once they are where they belong."""

    @property
    def image_days(self) -> dict[str, float]:
        """State of a study -> days for its received instances, of the states that have a limit."""
        days = {
            "delivered": self.delivered_days,
            "not_evaluable": self.not_evaluable_days,
            "no_system": self.no_system_days,
        }
        return {state: number for state, number in days.items() if number}

    @property
    def on(self) -> bool:
        """True when anything is ever removed."""
        return bool(self.image_days or self.results_days)


def retention_faults(section: RetentionSection) -> list[str]:
    """What is not allowed, in words for people."""
    given = {f.name: getattr(section, f.name) for f in fields(section)}
    return [
        f"retention.{key}: got {days:g}, allowed: 0 (for ever) or at least 1 day"
        for key, days in given.items()
        if days and not days >= 1
    ]
