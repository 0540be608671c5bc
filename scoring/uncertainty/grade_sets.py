"""Sets of neighbouring grades that hold the true one at a stated rate: "erosion 1 to 2", never "0 or 4"."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from scoring.errors import AgreementError
from scoring.uncertainty.conformal_quantile import conformal_quantile


def calibrate_grades(
    probabilities: npt.ArrayLike, truth: npt.ArrayLike, patients: Sequence[object], level: float = 0.9
) -> float:
    """The mass that a set must exceed to hold the true grade at the stated rate; inf: every grade belongs to it.

    ``probabilities`` (n, grades), ``truth`` (n,) whole grades; of patients that nothing was trained on. How much the
    growing set of ``grade_set`` holds just before the truth comes in is the nonconformity (adaptive prediction sets,
    Romano, Sesia and Candes, NeurIPS 2020, grown along the order of the grades, without their random last step).
    """
    table, wanted = np.asarray(probabilities, np.float64), np.asarray(truth, np.int64)
    if table.ndim != 2 or wanted.shape != (len(table),) or ((wanted < 0) | (wanted >= table.shape[1])).any():
        raise AgreementError("Wanted probabilities (n, grades) and a whole grade of that scale for each row.")
    odd = []
    for row, true in zip(table, wanted.tolist(), strict=True):
        without = [mass for lower, upper, mass in _growing(row) if not lower <= true <= upper]
        odd.append(without[-1] if without else 0.0)
    return conformal_quantile(odd, patients, level)


def grade_set(probabilities: npt.ArrayLike, mass: float) -> tuple[int, int]:
    """Lowest and highest grade of the set: the most probable grade and its likelier neighbours, to beyond ``mass``."""
    row = np.asarray(probabilities, np.float64)
    for lower, upper, held in _growing(row):
        if held > mass + 1e-12:
            return lower, upper
    return 0, len(row) - 1


def _growing(row: npt.NDArray[np.float64]) -> list[tuple[int, int, float]]:
    """Every set on the way from the most probable grade to all of them: lowest, highest, probability held."""
    lower = upper = int(np.argmax(row))
    held = float(row[lower])
    sets = [(lower, upper, held)]
    while upper - lower + 1 < len(row):
        below = float(row[lower - 1]) if lower > 0 else -1.0
        above = float(row[upper + 1]) if upper + 1 < len(row) else -1.0
        if below >= above:
            lower, held = lower - 1, held + below
        else:
            upper, held = upper + 1, held + above
        sets.append((lower, upper, held))
    return sets
