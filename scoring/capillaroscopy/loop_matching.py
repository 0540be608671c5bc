"""Which found loop is which true capillary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from scoring.capillaroscopy.picture_measures import Loop
from scoring.capillaroscopy.unseen_pictures import MeasuredPicture

REACH_UM: Final = 35.0
"""Farther from a true tip no loop is that capillary; neighbours of a healthy row are 90 to 125 um apart."""


@dataclass(frozen=True)
class MatchedLoops:
    """Of one picture: ``distances_um``, ``found_um`` and ``true_um`` (n,) of pairs, tips apart and both diameters."""

    found: int
    true: int
    distances_um: npt.NDArray[np.float64]
    found_um: npt.NDArray[np.float64]
    true_um: npt.NDArray[np.float64]


def matched_loops(picture: MeasuredPicture, loops: tuple[Loop, ...]) -> MatchedLoops:
    """The pairs whose distances are least in sum, none farther apart than ``REACH_UM``; each in one pair at most."""
    places = (np.array([(loop.x, loop.y) for loop in loops]).reshape(-1, 2) + 0.5) * picture.um_per_px
    widths = np.array([loop.diameter_um for loop in loops])
    away = np.hypot(*(places[:, None] - picture.tips_um[None]).transpose(2, 0, 1))
    of_found, of_true = linear_sum_assignment(np.minimum(away, 2 * REACH_UM))
    near = away[of_found, of_true] <= REACH_UM
    of_found, of_true = of_found[near], of_true[near]
    return MatchedLoops(
        found=len(loops),
        true=len(picture.tips_um),
        distances_um=away[of_found, of_true],
        found_um=widths[of_found],
        true_um=picture.diameters_um[of_true],
    )
