"""What is constant in one person: size, age, density."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scoring.phantoms.hand_template import HAND_LENGTH_UNITS


@dataclass(frozen=True, slots=True)
class Body:
    """What is constant in one person. Lengths in mm; ``age`` in years, 18 and above: grown up."""

    hand_length: float
    width: float
    age: float
    mineral: float
    splay: float

    @property
    def unit(self) -> float:
        """Millimetres per template unit."""
        return self.hand_length / HAND_LENGTH_UNITS

    @property
    def size(self) -> float:
        """Scale of small structures, 1 in a hand of 180 mm."""
        return float(np.sqrt(self.hand_length / 180.0))

    @property
    def grows(self) -> bool:
        """Growth plates are open."""
        return self.age < 17.0


def sample_body(rng: np.random.Generator, grows: bool) -> Body:
    """Draw a person: children from 3 to 17 years, adults with hands of 155 to 200 mm."""
    age = float(rng.triangular(3.0, 10.5, 16.9)) if grows else 30.0
    mean = 104.0 + 5.6 * (age - 3.0) if grows else 178.0
    return Body(
        hand_length=float(np.clip(rng.normal(mean, 5.0 if grows else 9.0), 110.0, 200.0)),
        width=float(np.clip(rng.normal(1.0, 0.06), 0.86, 1.16)),
        age=age,
        mineral=float(rng.uniform(0.75, 1.2)),
        splay=float(rng.uniform(-0.35, 0.5)),
    )
