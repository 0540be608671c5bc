"""Grades of one hand from visit to visit, and the hand as another exposure shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from scipy.ndimage import affine_transform, gaussian_filter

from scoring.phantoms.damage import Grades, sample_grades
from scoring.phantoms.damaged_hands.damaged_hand import DamagedHand
from scoring.phantoms.seeded import stream
from scoring.score_rules.sharp_van_der_heijde import HIGHEST_GRADE

_PROGRESS: Final = 0.14
"""Share of the items that are worse at the next visit, most by one grade."""
_TURN_DEGREES: Final = 3.0
_SCALE: Final = 0.015
_GAMMA: Final = 0.12
_GRAIN: Final = 0.008


def course_of_grades(seed: int, visits: int, severity: float | None = None) -> tuple[Grades, ...]:
    """The grades that are wanted at each visit; none ever falls."""
    course = [sample_grades(stream(seed, "grades"), severity)]
    for visit in range(1, visits):
        chance = stream(seed, f"progress {visit}")
        worse = {key: int(chance.uniform() < _PROGRESS) * int(chance.choice([1, 1, 2])) for key in course[-1]}
        course.append({key: min(grade + worse[key], HIGHEST_GRADE[key[1]]) for key, grade in course[-1].items()})
    return tuple(course)


def exposed_again(hands: Sequence[DamagedHand], seed: int, visit: int) -> list[DamagedHand]:
    """The hands of one film as a later visit shows them: turned a little, nearer or farther, with other exposure."""
    chance = stream(seed, f"exposure {visit}")
    pixels = hands[0].pixels
    angle = np.radians(chance.uniform(-_TURN_DEGREES, _TURN_DEGREES))
    scale = float(np.exp(chance.uniform(-_SCALE, _SCALE)))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = (np.array(pixels.shape) - 1) / 2
    to_old = rotation * scale
    old = affine_transform(pixels, to_old, middle - to_old @ middle, order=3, mode="nearest")
    grain = gaussian_filter(chance.normal(size=pixels.shape), 0.7)
    new = np.clip(old, 0.0, 1.0) ** float(np.exp(chance.uniform(-_GAMMA, _GAMMA)))
    grain *= _GRAIN * float(chance.uniform()) * np.sqrt(new) / grain.std()
    new = np.clip(new + grain, 0.0, 1.0).astype(np.float32)
    back = np.linalg.inv(to_old)
    return [replace(hand, pixels=new, centres=_moved(hand, back, middle)) for hand in hands]


def _moved(hand: DamagedHand, back: np.ndarray, middle: np.ndarray) -> dict[str, tuple[float, float]]:
    centres = {}
    for site, (x, y) in hand.centres.items():
        row, column = back @ (np.array([y, x]) - middle) + middle
        centres[site] = float(column), float(row)
    return centres
