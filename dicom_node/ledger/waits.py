"""How long is waited after failures that will pass: longer each time, to a cap, with jitter, and never given up."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

LONGEST_WAIT_SECONDS: Final = 900.0
"""No job is ever put off for longer, but by a quarter of jitter."""
_MOST_STEPS: Final = 64
"""Growth is counted no further: a week of failures must not overflow a float."""


@dataclass(frozen=True, slots=True)
class Waits:
    """``first``, then each ``growth`` times the one before, up to ``longest`` (s)."""

    first: float = 2.0
    growth: float = 4.0
    longest: float = LONGEST_WAIT_SECONDS

    def after(self, failures: int) -> float:
        """The wait after so many failures in a row: by default 2, 8, 32 … 900 s, a quarter more or less."""
        steps = min(max(failures, 1) - 1, _MOST_STEPS)
        return min(self.first * self.growth**steps, self.longest) * random.uniform(0.75, 1.25)


WAITS: Final = Waits()
"""Of work inside the house."""
