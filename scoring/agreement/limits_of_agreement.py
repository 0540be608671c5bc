"""Bias and the range in which most differences between two readings lie (Bland and Altman, Lancet 1986;1:307)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.agreement.series import score_pair, varying


@dataclass(frozen=True, slots=True)
class LimitsOfAgreement:
    """Of the differences said - truth: their mean, and mean -/+ 1.96 standard deviations."""

    bias: float
    lower: float
    upper: float


def limits_of_agreement(truth: npt.ArrayLike, said: npt.ArrayLike) -> LimitsOfAgreement:
    """Bias and 95 % limits; standard deviation with n - 1. UndefinedMeasureError when n < 2.

    >>> limits = limits_of_agreement([0, 0, 0, 0], [1, -1, 1, -1])
    >>> limits.bias, round(limits.upper, 3)
    (0.0, 2.263)
    """
    wanted, found = score_pair(truth, said, fewest=2)
    difference = found - wanted
    bias = float(difference.mean())
    spread = 1.96 * float(difference.std(ddof=1))
    return LimitsOfAgreement(bias, bias - spread, bias + spread)


def proportional_bias(truth: npt.ArrayLike, said: npt.ArrayLike) -> float:
    """Slope of the difference said - truth on the mean of both: 0 when bias is the same at low and high scores.

    Limits of agreement mislead where it is not near 0 (Bland and Altman, Stat Methods Med Res 1999;8:135).
    UndefinedMeasureError when the means never vary or n < 2.

    >>> proportional_bias([0, 10, 20], [0, 30, 60])
    1.0
    """
    wanted, found = score_pair(truth, said, fewest=2)
    middle = varying((wanted + found) / 2)
    return float(np.dot(middle, found - wanted) / np.dot(middle, middle))
