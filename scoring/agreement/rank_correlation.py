"""Whether two series of scores put patients in the same order, whatever the scale."""

from __future__ import annotations

import numpy.typing as npt
from scipy.stats import rankdata

from scoring.agreement.correlation import pearson_correlation
from scoring.agreement.series import score_pair


def spearman_correlation(truth: npt.ArrayLike, said: npt.ArrayLike) -> float:
    """Spearman's rho: Pearson's r of the ranks, ties at their mean rank (Spearman, Am J Psychol 1904;15:72).

    UndefinedMeasureError when either series is constant or n < 2.

    >>> spearman_correlation([1, 2, 3, 4], [1, 8, 27, 64])
    1.0
    """
    first, second = score_pair(truth, said, fewest=2)
    return pearson_correlation(rankdata(first), rankdata(second))
