"""Agreement beyond chance of several readers on classes without order (Fleiss, Psychol Bull 1971;76:378)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scoring.agreement.series import grades, scores
from scoring.errors import UndefinedMeasureError


def fleiss_kappa(ratings: npt.ArrayLike) -> float:
    """(P - Pe) / (1 - Pe): P mean share of agreeing pairs of readers, Pe the sum of squared shares of the classes.

    ``ratings``: (n, k) classes 0, 1, …, a column for each reader, every patient read by all. UndefinedMeasureError when
    only one class occurs or k < 2.

    >>> round(fleiss_kappa([[0, 0], [1, 1], [0, 1]]), 4)
    0.3333
    """
    table = scores(ratings, columns=True)
    n, k = table.shape
    if k < 2:
        raise UndefinedMeasureError(f"Fleiss' kappa needs 2 or more readers, got {k}.")
    classes, row_of = grades(table.ravel()), np.repeat(np.arange(n), k)
    counts = np.zeros((n, int(classes.max()) + 1))
    np.add.at(counts, (row_of, classes), 1.0)
    agreeing = float(((counts**2).sum(1) - k).mean()) / (k * (k - 1))
    chance = float(((counts.sum(0) / (n * k)) ** 2).sum())
    if chance == 1:
        raise UndefinedMeasureError(f"All ratings are class {classes[0]}; kappa needs classes that differ.")
    return float((agreeing - chance) / (1 - chance))
