"""Readers who do not exist, reading phantoms: biased, noisy, at times unable to grade, and not always of one mind.

A reader's grade is the truth, plus the reader's bias, plus an opinion about that place that stays when the film is
read again, plus what changes between readings; rounded to a whole grade and kept on the scale. Wrists are harder than
fingers, and a place without damage is graded more surely than one with it. The spreads are ours,
taken from no study: agreement with such readers says nothing about agreement with people.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from scoring.learning.label import Label
from scoring.phantoms.seeded import stream
from scoring.phantoms.truth import TruthRow
from scoring.score_rules.sharp_van_der_heijde import HIGHEST_GRADE

WRIST_SITES: Final = frozenset(
    ("MC1B", "TRAPEZIUM", "SCAPHOID", "LUNATE", "RADIUS", "ULNA", "CMC3", "CMC4", "CMC5", "STT", "CNL", "RC")
)
_WRIST_IS_HARDER: Final = 1.5
_NO_DAMAGE_IS_SURER: Final = 0.6
_READ_AGAIN: Final = 0.1
"""Share of films that every reader reads a second time, at least one (reading charters ask for about a tenth)."""


@dataclass(frozen=True, slots=True)
class SimulatedReader:
    """``bias``, ``opinion`` and ``wavering`` in grades, the last two standard deviations at a damaged finger joint.

    ``not_evaluable``: probability, 0..1, that a finger joint is not graded; half as much again at the wrist.
    """

    name: str
    bias: float
    opinion: float
    wavering: float
    not_evaluable: float

    def read(self, row: TruthRow, reading: int, seed: int) -> Label:
        """One place once; the same reader, place, reading and seed give the same label."""
        place = f"{self.name} {row.image} {row.side} {row.site} {row.item}"
        kept, fresh = stream(seed, place), stream(seed, f"{place} {reading}")
        harder = _WRIST_IS_HARDER if row.site in WRIST_SITES else 1.0
        status, value = row.status, None
        if row.value is not None:
            spread = harder * (1.0 if row.value else _NO_DAMAGE_IS_SURER)
            seen = row.value + self.bias + spread * (kept.normal(0, self.opinion) + fresh.normal(0, self.wavering))
            value = float(min(max(round(seen), 0), HIGHEST_GRADE[row.item]))
            if fresh.random() < harder * self.not_evaluable:
                status, value = "not_assessable", None
        return Label(
            subject=row.subject,
            visit=row.visit,
            image=row.image,
            side=row.side,
            site=row.site,
            item=row.item,
            value=value,
            status=status,
            reader=self.name,
            reading=reading,
            order_mode="single",
            x=row.x,
            y=row.y,
        )


def simulated_readers(number: int, seed: int) -> tuple[SimulatedReader, ...]:
    """``number`` readers, each with a character of his own; the first ones are the same whatever the number."""
    return tuple(_reader(f"R{n}", seed) for n in range(1, number + 1))


def simulated_readings(truth: Sequence[TruthRow], readers: Sequence[SimulatedReader], seed: int) -> Iterator[Label]:
    """Every reader reads every film once, and the same tenth of the films, drawn by ``seed``, once more."""
    again = read_twice((row.image for row in truth), seed)
    for reader in readers:
        for row in truth:
            yield reader.read(row, 1, seed)
        yield from (reader.read(row, 2, seed) for row in truth if row.image in again)


def read_twice(images: Iterable[str], seed: int) -> frozenset[str]:
    """Which of the images every reader reads once more."""
    drawn = sorted(set(images), key=lambda image: (stream(seed, f"again {image}").random(), image))
    return frozenset(drawn[: max(1, round(_READ_AGAIN * len(drawn)))])


def _reader(name: str, seed: int) -> SimulatedReader:
    draw = stream(seed, f"reader {name}")
    return SimulatedReader(
        name=name,
        bias=float(draw.normal(0, 0.15)),
        opinion=float(draw.uniform(0.3, 0.5)),
        wavering=float(draw.uniform(0.2, 0.35)),
        not_evaluable=float(draw.uniform(0.005, 0.03)),
    )
