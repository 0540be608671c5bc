"""Whether what is said is too extreme (slope below 1) or too timid (above 1), and too high or low (intercept)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, logit

from scoring.agreement.series import Booleans, Floats, both_classes, label_and_probability, score_pair, varying
from scoring.errors import UndefinedMeasureError

_NEAREST_TO_CERTAIN = 1e-6
"""Probabilities of 0 and 1 have no log odds; they are taken as this much less certain."""


@dataclass(frozen=True, slots=True)
class CalibrationLine:
    """1 and 0 when well calibrated."""

    slope: float
    intercept: float


def score_calibration(truth: npt.ArrayLike, said: npt.ArrayLike) -> CalibrationLine:
    """Least squares truth = intercept + slope x said, both (n,): does a model shrink scores to their mean?

    UndefinedMeasureError when all that is said is one score or n < 2.

    >>> score_calibration([0, 20, 40], [10, 20, 30])
    CalibrationLine(slope=2.0, intercept=-20.0)
    """
    wanted, found = score_pair(truth, said, fewest=2)
    apart = varying(found)
    slope = float(np.dot(apart, wanted) / np.dot(apart, apart))
    return CalibrationLine(slope, float(wanted.mean() - slope * found.mean()))


def probability_calibration(truth: npt.ArrayLike, probability: npt.ArrayLike) -> CalibrationLine:
    """Logistic regression of truth on log odds of the probability, most likely fit (Cox, Biometrika 1958;45:562).

    Both (n,). UndefinedMeasureError when one class is missing, all probabilities are equal, or they part the classes
    without overlap: then no finite slope is best.

    >>> line = probability_calibration([0, 0, 0, 1, 0, 1, 1, 1], [0.2] * 4 + [0.8] * 4)
    >>> round(line.slope, 3), round(line.intercept, 3) + 0
    (0.792, 0.0)
    """
    label, chance = label_and_probability(truth, probability)
    both_classes(label)
    odds = logit(np.clip(chance, _NEAREST_TO_CERTAIN, 1 - _NEAREST_TO_CERTAIN))
    varying(odds)
    yes, no = odds[label], odds[~label]
    if yes.min() >= no.max() or no.min() >= yes.max():
        raise UndefinedMeasureError("The probabilities part yes from no without overlap: no finite slope fits best.")
    return _most_likely_line(label, odds)


def _most_likely_line(label: Booleans, odds: Floats) -> CalibrationLine:
    design = np.stack([np.ones_like(odds), odds], 1)

    def cost(line: Floats) -> float:
        return float((np.logaddexp(0, design @ line) - label * (design @ line)).mean())

    def gradient(line: Floats) -> Floats:
        return np.asarray(design.T @ (expit(design @ line) - label) / len(label))

    def curvature(line: Floats) -> Floats:
        spread = expit(design @ line) * expit(-(design @ line))
        return np.asarray((design * spread[:, None]).T @ design / len(label))

    found = minimize(cost, [0.0, 1.0], method="trust-exact", jac=gradient, hess=curvature, options={"gtol": 1e-9})
    return CalibrationLine(float(found.x[1]), float(found.x[0]))
