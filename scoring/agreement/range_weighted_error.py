"""Error size in which every declared range of the score counts the same, however few patients are in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from scoring.agreement.series import score_pair
from scoring.errors import AgreementError, UndefinedMeasureError

Range = tuple[float, float]
"""Lowest and highest true score of a range, both within it."""


def range_weighted_root_mean_square_error(truth: npt.ArrayLike, said: npt.ArrayLike, ranges: Sequence[Range]) -> float:
    """Square root of the mean over ``ranges`` of the mean of (said - truth)² of the true scores in each.

    Ours, with ranges that the report declares; it is not the metric of any challenge. AgreementError when a true score
    lies in no range or in two; UndefinedMeasureError when a range is empty: the value would not compare with others.

    >>> round(range_weighted_root_mean_square_error([0, 0, 0, 50], [1, 1, 1, 57], [(0, 10), (11, 280)]), 4)
    5.0
    """
    wanted, found = score_pair(truth, said)
    within = np.zeros((len(ranges), len(wanted)), np.bool_)
    for row, (low, high) in zip(within, ranges, strict=True):
        row[:] = (low <= wanted) & (wanted <= high)
    if (wrong := within.sum(0) != 1).any():
        raise AgreementError(
            f"The true score {wanted[wrong][0]:g} lies in none or two of the declared ranges {ranges}."
        )
    if (empty := ~within.any(1)).any():
        raise UndefinedMeasureError(f"No true score lies in the declared range {ranges[int(empty.argmax())]}.")
    squared = (found - wanted) ** 2
    return float(np.sqrt(np.mean([squared[inside].mean() for inside in within])))
