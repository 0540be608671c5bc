"""Bias and the range in which most differences between two readings lie (Bland and Altman, Lancet 1986;1:307)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class LimitsOfAgreement:
    """Of the differences said - truth: their mean, and mean -/+ 1.96 standard deviations."""

    bias: float
    lower: float
    upper: float


def limits_of_agreement(truth: npt.ArrayLike, said: npt.ArrayLike) -> LimitsOfAgreement:
    """Bias and 95 % limits; standard deviation with n - 1.

    >>> limits = limits_of_agreement([0, 0, 0, 0], [1, -1, 1, -1])
    >>> limits.bias, round(limits.upper, 3)
    (0.0, 2.263)
    """
    difference = np.asarray(said, np.float64) - np.asarray(truth, np.float64)
    bias = float(difference.mean())
    spread = 1.96 * float(difference.std(ddof=1)) if difference.size > 1 else 0.0
    return LimitsOfAgreement(bias, bias - spread, bias + spread)
