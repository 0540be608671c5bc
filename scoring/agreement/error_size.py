"""How large errors are, in units of the score."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def mean_absolute_error(truth: npt.ArrayLike, said: npt.ArrayLike) -> float:
    """Mean of |said - truth|.

    >>> mean_absolute_error([0, 2, 4], [1, 2, 2])
    1.0
    """
    return float(np.abs(np.asarray(said, np.float64) - np.asarray(truth, np.float64)).mean())


def root_mean_square_error(truth: npt.ArrayLike, said: npt.ArrayLike) -> float:
    """Square root of the mean of (said - truth)^2.

    >>> root_mean_square_error([0, 0, 0, 0], [2, 0, 0, 0])
    1.0
    """
    return float(np.sqrt(((np.asarray(said, np.float64) - np.asarray(truth, np.float64)) ** 2).mean()))
