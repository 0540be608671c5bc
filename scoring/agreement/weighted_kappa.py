"""Agreement of ordered grades beyond chance, with quadratic weights."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def quadratic_weighted_kappa(truth: npt.ArrayLike, said: npt.ArrayLike, highest: int) -> float:
    """1 - sum(w o) / sum(w e), w = (i - j)^2, o observed and e expected shares; NaN when there is only one grade.

    ``truth`` and ``said``: whole grades 0..highest of the same length (Cohen, Psychol Bull 1968;70:213).

    >>> round(quadratic_weighted_kappa([0, 1, 2, 3], [0, 1, 2, 2], 3), 4)
    0.875
    """
    rows, columns = (np.asarray(a, np.int64).ravel() for a in (truth, said))
    observed = np.zeros((highest + 1, highest + 1))
    np.add.at(observed, (rows, columns), 1.0)
    grades = np.arange(highest + 1)
    weights = (grades[:, None] - grades[None]) ** 2.0
    expected = np.outer(observed.sum(1), observed.sum(0)) / max(observed.sum(), 1.0)
    chance = float((weights * expected).sum())
    return 1.0 - float((weights * observed).sum()) / chance if chance > 0 else float("nan")
