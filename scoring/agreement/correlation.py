"""Whether two series of scores rise together. Says nothing about bias: report limits of agreement beside it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scoring.agreement.series import score_pair, varying


def pearson_correlation(truth: npt.ArrayLike, said: npt.ArrayLike) -> float:
    """Pearson's r = sum(x y) / sqrt(sum(x²) sum(y²)), x and y less their means, both (n,).

    UndefinedMeasureError when either series is constant or n < 2.

    >>> pearson_correlation([1, 2, 3], [2, 4, 6])
    1.0
    """
    first, second = (varying(series) for series in score_pair(truth, said, fewest=2))
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / size
