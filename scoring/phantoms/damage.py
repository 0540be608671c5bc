"""Grades of one hand and what they mean in a drawing: joint-space widths and notch sizes (science notes, part 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from scoring.score_rules.sharp_van_der_heijde import HIGHEST_GRADE, ITEMS, SITES_OF, Item

Grades = Mapping[tuple[str, Item], int]
Displacement = Literal["none", "subluxed", "luxed"]

SPACE_LEFT: Final = {0: (0.92, 1.08), 1: (0.76, 0.86), 2: (0.55, 0.68), 3: (0.22, 0.40), 4: (0.0, 0.0)}
"""Joint-space width left at each narrowing grade, as a share of the healthy width."""

NOTCH_RADIUS_MM: Final = {1: 1.7, 2: 2.5, 3: 3.6}
"""Notch radius at each lesion size in a hand of 180 mm: discrete, larger, past the midline of the bone."""

CAN_SUBLUX: Final = frozenset({"PIP2", "PIP3", "PIP4", "PIP5", "MCP1", "MCP2", "MCP3", "MCP4", "MCP5"})


@dataclass(frozen=True, slots=True)
class JointSpace:
    """How one joint is drawn: share of the healthy width, tilt (-1..1, narrower on one side), displacement, fusion."""

    share: float
    tilt: float
    displacement: Displacement
    fused: bool


def no_damage() -> dict[tuple[str, Item], int]:
    """All 31 grades of a hand, all zero."""
    return {(site, item): 0 for item in ITEMS for site in SITES_OF[item]}


def sample_grades(rng: np.random.Generator, severity: float | None = None) -> dict[tuple[str, Item], int]:
    """Draw the 31 grades of a hand; ``severity`` 0..1 (``None``: a population of mostly mild disease).

    One hand in eight has isolated lesions unrelated to its other joints, so that no grade can be learnt
    from the neighbours of a joint alone.
    """
    drawn = no_damage()
    if severity is None and rng.uniform() < 0.12:
        for key in drawn:
            if rng.uniform() < 0.3:
                drawn[key] = int(rng.integers(1, HIGHEST_GRADE[key[1]] + 1))
        return drawn
    level = float(rng.beta(0.7, 1.3)) if severity is None else severity
    for site, item in drawn:
        mean, spread = (5.2 * level - 0.9, 1.1) if item == "narrowing" else (6.3 * level - 1.3, 1.3)
        grade = int(np.clip(np.floor(rng.normal(mean, spread)), 0, HIGHEST_GRADE[item]))
        drawn[site, item] = grade if level > 0 else 0
    return drawn


def joint_space(rng: np.random.Generator, site: str, grade: int) -> JointSpace:
    """Draw the width, tilt and displacement which a narrowing grade stands for."""
    low, high = SPACE_LEFT[grade]
    share = float(rng.uniform(low, high))
    side = float(rng.choice([-1.0, 1.0]))
    tilt = float(rng.uniform(-0.06, 0.06)) if grade != 1 else side * float(rng.uniform(0.38, 0.5))
    chance = float(rng.uniform())
    displacement: Displacement = "none"
    if site in CAN_SUBLUX and grade == 3 and chance < 0.3:
        displacement = "subluxed"
    if site in CAN_SUBLUX and grade == 4 and chance < 0.3:
        displacement = "luxed"
    return JointSpace(share, tilt, displacement, fused=grade == 4 and displacement == "none")


def notch_sizes(rng: np.random.Generator, grade: int) -> tuple[int, ...]:
    """Split an erosion grade 1-4 into lesions of size 1, 2 or 3 which sum to it; grade 0 has none."""
    sizes: list[int] = []
    left = grade
    while left > 0:
        size = min(left, int(rng.choice([1, 2, 3], p=[0.5, 0.3, 0.2])))
        sizes.append(size)
        left -= size
    return tuple(sorted(sizes, reverse=True))
