"""Erosions of one site: where its defects lie, how large each is, the same at every visit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from scoring.phantoms.damage import NOTCH_RADIUS_MM, notch_sizes
from scoring.phantoms.damaged_hands.bone_margins import Margin
from scoring.phantoms.damaged_hands.cortical_defect import CorticalDefect
from scoring.phantoms.damaged_hands.real_hand import Grey
from scoring.phantoms.seeded import stream

COLLAPSE: Final = 5
"""The erosion grade of which no sum of defects speaks, but the loss of the bone ends."""
_INWARD: Final = {1: 0.1, 2: 0.3, 3: 0.5}
"""How far the middle of a defect lies within the bone, in its radii, by its size."""
_APART: Final = 0.8
"""Two defects of a site keep this share of the sum of their radii between them, where there is room."""
_LEAST_LOST: Final = 3
"""Places at which a collapse must show."""
_TRIES: Final = 8


@dataclass(frozen=True, slots=True)
class Erosion:
    """The defects of a site and the grade that they add up to: what could not be shown is not counted."""

    defects: tuple[CorticalDefect, ...]
    grade: int


def erosion(pixels: Grey, bones: Sequence[Sequence[Margin]], course: Sequence[int], name: str, seed: int) -> Erosion:
    """The defects of the last visit of ``course``, the erosion grades of a site from visit to visit, never falling.

    Each visit keeps the defects of those before it. ``name`` of the site, for its own chance.
    """
    everywhere = [margin for bone in bones for margin in bone]
    if not everywhere:
        return Erosion((), 0)
    drawn: list[CorticalDefect] = []
    grade = before = 0
    for visit, wanted in enumerate(course):
        chance = stream(seed, f"defects of {name} at visit {visit}")
        if wanted >= COLLAPSE > before:
            lost = [defect for bone in bones for defect in _collapse(bone, chance) if defect.shows(pixels)]
            drawn += lost if len(lost) >= _LEAST_LOST else []
            grade = COLLAPSE if len(lost) >= _LEAST_LOST else grade
        elif wanted > before:
            for size in notch_sizes(chance, wanted - before):
                if (defect := _placed(pixels, everywhere, size, drawn, chance)) is not None:
                    drawn.append(defect)
                    grade += size
        before = wanted
    return Erosion(tuple(drawn), grade)


def _placed(
    pixels: Grey, everywhere: list[Margin], size: int, others: list[CorticalDefect], chance: np.random.Generator
) -> CorticalDefect | None:
    """A defect where there is room and where it shows; ``None`` when there is no such place."""
    radius = NOTCH_RADIUS_MM[size] * float(chance.uniform(0.92, 1.08))
    order = [everywhere[int(n)] for n in chance.permutation(len(everywhere))]
    free = [margin for margin in order if all(_apart(margin, other, radius) for other in others)]
    for margin in (free or order)[:_TRIES]:
        defect = _defect(margin, radius, _INWARD[size] * radius, float(chance.uniform(0.8, 1.5)), chance)
        if defect.shows(pixels):
            return defect
    return None


def _collapse(bone: Sequence[Margin], chance: np.random.Generator) -> list[CorticalDefect]:
    """The articular end eaten away along its whole breadth."""
    chosen = [bone[int(n)] for n in np.linspace(0, len(bone) - 1, 4)]
    return [
        _defect(margin, float(chance.uniform(2.2, 3.0)), float(chance.uniform(1.2, 2.4)), 1.5, chance)
        for margin in chosen
    ]


def _defect(
    margin: Margin, radius: float, inward: float, breadth: float, chance: np.random.Generator
) -> CorticalDefect:
    sclerotic = bool(chance.uniform() < 0.5)
    return CorticalDefect(
        margin,
        radius / breadth**0.5,
        inward,
        edge=float(chance.uniform(0.3, 0.45)) if sclerotic else float(chance.uniform(0.5, 0.8)),
        depth=float(chance.uniform(0.8, 0.98)),
        rim=float(chance.uniform(0.2, 0.4)) if sclerotic else 0.0,
        breadth=breadth,
        seed=int(chance.integers(2**31)),
    )


def _apart(margin: Margin, other: CorticalDefect, radius: float) -> bool:
    off = float(np.hypot(*(margin.frame.centre - other.margin.frame.centre))) / margin.frame.mm
    return off > _APART * (radius + other.radius)
