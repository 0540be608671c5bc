"""From crops to grades: the grader with its weights, and what it says about the sites of one hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from scoring.networks.ordinal_head import expected_grade, grade_probabilities, most_plausible_grade
from scoring.score_rules.sharp_van_der_heijde import ITEMS, SITES, Item
from scoring.systems.hand_joints.network import GRADED, JointGrader
from scoring.systems.hand_joints.preprocessing import Grey

_DECIMALS: Final = 4
"""Kept of probabilities and expected grades: more would be noise of the processor."""


@dataclass(frozen=True, slots=True)
class SiteGrade:
    """One item of one site. ``probabilities`` of the grades from 0 upwards; ``expected`` is their mean."""

    expected: float
    grade: int
    probabilities: tuple[float, ...]


@dataclass(frozen=True)
class CropGrades:
    """What the network says of ``n`` crops: probabilities (n, grades), expected (n,) and grade (n,) by item."""

    probabilities: dict[Item, npt.NDArray[np.float64]]
    expected: dict[Item, npt.NDArray[np.float64]]
    grade: dict[Item, npt.NDArray[np.int64]]

    def damage(self) -> npt.NDArray[np.float64]:
        """(n,): expected erosion plus expected narrowing, of the items that are graded at each crop's site."""
        rows = np.arange(len(self.expected["erosion"])) % len(SITES)
        graded = GRADED.numpy()[rows]
        return np.asarray(sum(self.expected[item] * graded[:, n] for n, item in enumerate(ITEMS)), np.float64)

    def at(self, row: int, item: Item) -> SiteGrade:
        """One crop's grade of an item."""
        return SiteGrade(
            expected=round(float(self.expected[item][row]), _DECIMALS),
            grade=int(self.grade[item][row]),
            probabilities=tuple(round(float(p), _DECIMALS) for p in self.probabilities[item][row]),
        )


def grade_crops(grader: JointGrader, crops: Grey) -> CropGrades:
    """Grade normalised crops (hands * 22, CROP, CROP), hand after hand in the order of ``SITES``."""
    sites = torch.arange(len(SITES)).repeat(len(crops) // len(SITES))
    with torch.inference_mode():
        said = grader(torch.from_numpy(crops)[:, None], sites)
        logits = dict(zip(ITEMS, (said.erosion.double(), said.narrowing.double()), strict=True))
        return CropGrades(
            probabilities={item: grade_probabilities(own).numpy() for item, own in logits.items()},
            expected={item: expected_grade(own).numpy() for item, own in logits.items()},
            grade={item: most_plausible_grade(own).numpy() for item, own in logits.items()},
        )
