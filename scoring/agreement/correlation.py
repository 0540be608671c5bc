"""Whether two series of scores rise together. Says nothing about bias: report limits of agreement beside it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def pearson_correlation(truth: npt.ArrayLike, said: npt.ArrayLike) -> float:
    """Pearson's r; NaN when either series is constant.

    >>> pearson_correlation([1, 2, 3], [2, 4, 6])
    1.0
    """
    first, second = (np.asarray(a, np.float64) for a in (truth, said))
    first, second = first - first.mean(), second - second.mean()
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / size if size > 0 else float("nan")
