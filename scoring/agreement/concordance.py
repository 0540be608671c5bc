"""How close two series lie to the line of identity: correlation that also pays for bias and for scale."""

from __future__ import annotations

import numpy.typing as npt

from scoring.agreement.series import score_pair
from scoring.errors import UndefinedMeasureError


def concordance_correlation(truth: npt.ArrayLike, said: npt.ArrayLike) -> float:
    """Lin's coefficient 2 s_xy / (s_x² + s_y² + (mean x - mean y)²), variances with n (Lin, Biometrics 1989;45:255).

    UndefinedMeasureError when both series are one and the same constant or n < 2.

    >>> round(concordance_correlation([1, 2, 3], [2, 3, 4]), 4)
    0.5714
    """
    first, second = score_pair(truth, said, fewest=2)
    apart = float(first.var() + second.var() + (first.mean() - second.mean()) ** 2)
    if apart == 0:
        raise UndefinedMeasureError(f"Both series are {first[0]:g} throughout; concordance needs scores that differ.")
    return 2 * float(((first - first.mean()) * (second - second.mean())).mean()) / apart
