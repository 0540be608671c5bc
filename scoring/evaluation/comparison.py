"""What a system said beside what readers said of the same thing, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scoring.learning.reader_means import mean_of_readers


@dataclass(frozen=True, slots=True)
class Scale:
    """What is graded: its name in the field's words, 0..``highest``, in whole grades or as a score."""

    words: str
    highest: float
    whole: bool
    bands: tuple[float, ...] = ()
    """Lower bounds of the upper score bands; empty: every grade is its own."""
    presence: bool = False
    """Grades are no (0) and yes (1); the real value is a probability of yes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One item of one site of one hand, or one sum.

    ``readings``: each reader's value, the mean of the repeats; empty where no reader could grade. ``expected`` is the
    system's real value, ``grade`` its whole one; both None where it gave none, and ``reason`` says why.
    """

    patient: str
    visit: str
    image: str
    item: str
    site: str
    group: str
    """Joint group: ``PIP``, ``MCP``, ``wrist``, ``hand``."""
    side: str
    readings: Mapping[str, float]
    expected: float | None
    grade: int | None
    interval: tuple[float, float] | None = None
    """Of a score its interval, of a grade the lowest and highest of its set; None where nothing was calibrated."""
    reason: str = ""
    centre: str = ""
    device: str = ""

    @property
    def truth(self) -> float | None:
        """The mean of the readers."""
        return mean_of_readers(self.readings)


@dataclass(frozen=True)
class Comparison:
    """Everything that an evaluation measures, and what must be said of it."""

    system: str
    version: str
    weights_digest: str
    statement: str
    """What goes with every result of these weights."""
    measured_on: str
    """One sentence: which data. The first line of every report."""
    scales: Mapping[str, Scale]
    """By item, in the order of the report."""
    rows: tuple[Compared, ...]
    images: int
    failures: Mapping[str, int] = field(default_factory=dict)
    """Images from which nothing was graded, by reason."""

    def of(self, item: str) -> tuple[Compared, ...]:
        """The rows of one item."""
        return tuple(row for row in self.rows if row.item == item)
