"""Share of the variance of ratings that lies between patients (Shrout and Fleiss, Psychol Bull 1979;86:420).

A table has a row for each patient and a column for each reader. Of a two-way analysis of variance, with mean squares of
patients (MSP), readers (MSR) and residual (MSE), n patients and k readers:

- absolute agreement, readers drawn at random (2,1): (MSP - MSE) / (MSP + (k - 1) MSE + k (MSR - MSE) / n)
- consistency, these readers and no others (3,1): (MSP - MSE) / (MSP + (k - 1) MSE)
- of the mean of the k readers, (2,k): (MSP - MSE) / (MSP + (MSR - MSE) / n), and (3,k): (MSP - MSE) / MSP

A reader who always says 5 more lowers (2,·) and leaves (3,·) alone. All raise UndefinedMeasureError for fewer than two
patients or readers, and when no rating differs from another in the way that the denominator counts.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scoring.agreement.series import scores
from scoring.errors import UndefinedMeasureError


def icc_2_1(ratings: npt.ArrayLike) -> float:
    """Absolute agreement of single readings, of ``ratings`` (n, k): the main figure of a validation.

    >>> round(icc_2_1([[1, 2], [2, 3], [3, 4]]), 4)
    0.6667
    """
    n, k, patients, readers, residual = _mean_squares(ratings)
    return _share(patients - residual, patients + (k - 1) * residual + k * (readers - residual) / n)


def icc_3_1(ratings: npt.ArrayLike) -> float:
    """Consistency of single readings, of ``ratings`` (n, k).

    >>> icc_3_1([[1, 2], [2, 3], [3, 4]])
    1.0
    """
    _, k, patients, _, residual = _mean_squares(ratings)
    return _share(patients - residual, patients + (k - 1) * residual)


def icc_2_k(ratings: npt.ArrayLike) -> float:
    """Absolute agreement of the mean of all k readers.

    >>> round(icc_2_k([[1, 2], [2, 3], [3, 4]]), 4)
    0.8
    """
    n, _, patients, readers, residual = _mean_squares(ratings)
    return _share(patients - residual, patients + (readers - residual) / n)


def icc_3_k(ratings: npt.ArrayLike) -> float:
    """Consistency of the mean of all k readers; Cronbach's alpha.

    >>> icc_3_k([[1, 2], [2, 3], [3, 4]])
    1.0
    """
    _, _, patients, _, residual = _mean_squares(ratings)
    return _share(patients - residual, patients)


def _mean_squares(ratings: npt.ArrayLike) -> tuple[int, int, float, float, float]:
    """n, k, and the mean squares of patients, readers and residual."""
    table = scores(ratings, fewest=2, columns=True)
    n, k = table.shape
    if k < 2:
        raise UndefinedMeasureError(f"An intraclass correlation needs 2 or more readers, got {k}.")
    table = table - table.mean()
    patients, readers = table.mean(1), table.mean(0)
    residual = table - patients[:, None] - readers[None]
    return (
        n,
        k,
        k * float((patients**2).sum()) / (n - 1),
        n * float((readers**2).sum()) / (k - 1),
        float((residual**2).sum()) / ((n - 1) * (k - 1)),
    )


def _share(between: float, whole: float) -> float:
    if whole <= 0 or np.isclose(whole, 0, atol=1e-12):
        raise UndefinedMeasureError("The ratings do not vary between patients: there is no variance to share.")
    return between / whole
