"""Readers who do not exist, reading nailfold phantoms: they overlook, imagine, and are not always of one mind.

A reader's leaning to yes is the truth, -1 or 1, plus the reader's own, plus an opinion about that picture that stays
when it is read again, plus what changes between readings. The spreads are ours, taken from no study.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from scoring.learning.label import Label
from scoring.phantoms.seeded import stream
from scoring.phantoms.simulated_readers import read_twice


@dataclass(frozen=True, slots=True)
class NailfoldReader:
    """``leaning``: towards yes; ``opinion``, ``wavering``: standard deviations."""

    name: str
    leaning: float
    opinion: float
    wavering: float

    def read(self, truth: Label, reading: int, seed: int) -> Label:
        """One label once; the same reader, picture, label and reading give the same."""
        value = truth.value
        if value is not None:
            place = f"{self.name} {truth.image} {truth.item}"
            kept, fresh = stream(seed, place), stream(seed, f"{place} {reading}")
            leaning = 2 * value - 1 + self.leaning + kept.normal(0, self.opinion) + fresh.normal(0, self.wavering)
            value = float(leaning > 0)
        return replace(truth, value=value, reader=self.name, reading=reading, order_mode="single")


def nailfold_readings(truth: Sequence[Label], readers: int, seed: int) -> Iterator[Label]:
    """``readers`` readers read every picture once, and a tenth of them once more."""
    again = read_twice((row.image for row in truth), seed)
    for name in (f"R{n}" for n in range(1, readers + 1)):
        draw = stream(seed, f"nailfold reader {name}")
        reader = NailfoldReader(
            name, float(draw.normal(0, 0.12)), float(draw.uniform(0.35, 0.6)), float(draw.uniform(0.2, 0.35))
        )
        yield from (reader.read(row, 1, seed) for row in truth)
        yield from (reader.read(row, 2, seed) for row in truth if row.image in again)
