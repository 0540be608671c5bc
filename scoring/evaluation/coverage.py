"""Do the intervals keep their word: how often the truth lies inside, of patients that nothing was learnt from."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.errors import UndefinedMeasureError
from scoring.evaluation.named_measures import NamedMeasure

COVERAGE: Final = "coverage"


def coverage(whole: bool) -> NamedMeasure:
    """The measure of intervals of a score or, with ``whole``, of sets of grades."""
    words = "truth in the 95 % set of grades" if whole else "truth in the 95 % interval"
    return NamedMeasure(COVERAGE, words, share_of_grades_inside if whole else share_inside)


def share_inside(truth: npt.ArrayLike, lower: npt.ArrayLike, upper: npt.ArrayLike) -> float:
    """Share of truths between their bounds, these included; all (n,)."""
    true, low, high = (np.asarray(column, np.float64) for column in (truth, lower, upper))
    if not true.size:
        raise UndefinedMeasureError("No row has an interval.")
    return float(((low <= true) & (true <= high)).mean())


def share_of_grades_inside(truth: npt.ArrayLike, lower: npt.ArrayLike, upper: npt.ArrayLike) -> float:
    """The same of whole grades: a mean of readers between two grades counts as the upper one."""
    return share_inside(np.floor(np.asarray(truth, np.float64) + 0.5), lower, upper)
