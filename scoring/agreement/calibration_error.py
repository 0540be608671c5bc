"""Whether of everything said with probability p a share of p is so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.agreement.series import Floats, Integers, label_and_probability


@dataclass(frozen=True, slots=True)
class Reliability:
    """Of each bin that holds anything: mean probability said, share that was yes, and how many."""

    said: Floats
    seen: Floats
    count: Integers


def reliability(truth: npt.ArrayLike, probability: npt.ArrayLike, bins: int = 10) -> Reliability:
    """The points of a reliability curve, from ``bins`` bins of equal width; the last holds probability 1.

    >>> reliability([0, 1, 1], [0.1, 0.9, 0.9], bins=2).count
    array([1, 2])
    """
    label, chance = label_and_probability(truth, probability)
    bin_of = np.minimum((chance * bins).astype(np.int64), bins - 1)
    count = np.bincount(bin_of, minlength=bins)
    held = count > 0
    said, seen = (np.bincount(bin_of, weights=of, minlength=bins)[held] / count[held] for of in (chance, label))
    return Reliability(said, seen, count[held])


def expected_calibration_error(truth: npt.ArrayLike, probability: npt.ArrayLike, bins: int = 10) -> float:
    """Mean over bins, weighted by their rows, of |seen - said| (Naeini, AAAI 2015:2901). Depends on ``bins``: say so.

    UndefinedMeasureError when there is no row.

    >>> round(expected_calibration_error([0, 1, 1, 1], [0.2, 0.6, 0.6, 0.6]), 4)
    0.35
    """
    curve = reliability(truth, probability, bins)
    return float((curve.count * np.abs(curve.seen - curve.said)).sum() / curve.count.sum())
