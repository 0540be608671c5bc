"""Agreement of ordered grades beyond chance (Cohen, Psychol Bull 1968;70:213)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scoring.agreement.series import grade_pair
from scoring.errors import UndefinedMeasureError


def quadratic_weighted_kappa(truth: npt.ArrayLike, said: npt.ArrayLike, highest: int) -> float:
    """1 - sum(w o) / sum(w e), w = (i - j)², o observed and e expected shares of grades i and j.

    ``truth`` and ``said``: whole grades 0..highest of the same length. UndefinedMeasureError when all are one grade.

    >>> round(quadratic_weighted_kappa([0, 1, 2, 3], [0, 1, 2, 2], 3), 4)
    0.875
    """
    return _weighted_kappa(truth, said, highest, power=2)


def linear_weighted_kappa(truth: npt.ArrayLike, said: npt.ArrayLike, highest: int) -> float:
    """The same with w = |i - j|: two grades off cost twice as much as one, not four times.

    >>> round(linear_weighted_kappa([0, 1, 2, 3], [0, 1, 2, 2], 3), 4)
    0.7778
    """
    return _weighted_kappa(truth, said, highest, power=1)


def _weighted_kappa(truth: npt.ArrayLike, said: npt.ArrayLike, highest: int, power: int) -> float:
    rows, columns = grade_pair(truth, said, highest)
    observed = np.zeros((highest + 1, highest + 1))
    np.add.at(observed, (rows, columns), 1.0)
    steps = np.arange(highest + 1)
    weights = np.abs(steps[:, None] - steps[None]).astype(np.float64) ** power
    expected = np.outer(observed.sum(1), observed.sum(0)) / observed.sum()
    chance = float((weights * expected).sum())
    if chance == 0:
        raise UndefinedMeasureError(f"Both series are grade {rows[0]} throughout; kappa needs grades that differ.")
    return 1.0 - float((weights * observed).sum()) / chance
