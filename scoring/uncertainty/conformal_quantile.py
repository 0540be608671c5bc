"""The quantile that split conformal prediction rests on, for patients that bring several films each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from scoring.errors import AgreementError


def conformal_quantile(nonconformity: npt.ArrayLike, patients: Sequence[object], level: float) -> float:
    """The value that a new patient's nonconformity does not exceed with probability ``level``; inf with too few.

    ``nonconformity`` (n,): how odd each film's truth looked to a model that did not learn from it. Every patient has
    the weight of one, shared by the films, and one more, of which nothing is known, counts as infinitely odd: the
    hierarchical conformal rule of Lee, Barber and Willett (arXiv 2306.06342, theorem 1). With one film a patient it is
    the usual (n + 1) rule (Vovk, Gammerman and Shafer 2005). AgreementError: no level, unequal lengths, a value that
    is no number.

    >>> conformal_quantile([3, 1, 2, 9], ["a", "b", "c", "d"], 0.8)
    9.0
    >>> conformal_quantile([3, 1, 2, 9], ["a", "b", "c", "d"], 0.9)
    inf
    """
    values = np.asarray(nonconformity, np.float64)
    if not 0 < level < 1:
        raise AgreementError(f"The level is {level:g}; wanted a share between 0 and 1, such as 0.9.")
    if values.shape != (len(patients),) or np.isnan(values).any():
        raise AgreementError(
            f"{values.size} values and {len(patients)} patients; wanted one number a row, none unknown."
        )
    _, codes, films = np.unique(np.asarray(patients, str), return_inverse=True, return_counts=True)
    order = np.argsort(values, kind="stable")
    covered = np.cumsum(1 / ((len(films) + 1) * films[codes[order]]))
    enough = np.flatnonzero(covered >= level - 1e-12)
    return float(values[order[enough[0]]]) if len(enough) else float("inf")
