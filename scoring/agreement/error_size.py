"""How large errors are, in units of the score. All raise UndefinedMeasureError when there is no score."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scoring.agreement.series import score_pair


def mean_absolute_error(truth: npt.ArrayLike, said: npt.ArrayLike) -> float:
    """Mean of |said - truth|.

    >>> mean_absolute_error([0, 2, 4], [1, 2, 2])
    1.0
    """
    wanted, found = score_pair(truth, said)
    return float(np.abs(found - wanted).mean())


def root_mean_square_error(truth: npt.ArrayLike, said: npt.ArrayLike) -> float:
    """Square root of the mean of (said - truth)².

    >>> root_mean_square_error([0, 0, 0, 0], [2, 0, 0, 0])
    1.0
    """
    wanted, found = score_pair(truth, said)
    return float(np.sqrt(((found - wanted) ** 2).mean()))


def bias(truth: npt.ArrayLike, said: npt.ArrayLike) -> float:
    """Mean of said - truth: positive when too much is said.

    >>> bias([0, 2, 4], [1, 2, 8])
    1.6666666666666667
    """
    wanted, found = score_pair(truth, said)
    return float((found - wanted).mean())
