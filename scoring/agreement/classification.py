"""How often grades are the same, or nearly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scoring.agreement.series import score_pair


def share_within(truth: npt.ArrayLike, said: npt.ArrayLike, steps: float = 0) -> float:
    """Share of grades or scores that differ by at most ``steps``; accuracy with ``steps`` 0.

    UndefinedMeasureError when there is no grade.

    >>> share_within([0, 1, 2, 3], [0, 2, 2, 1]), share_within([0, 1, 2, 3], [0, 2, 2, 1], steps=1)
    (0.5, 0.75)
    """
    wanted, found = score_pair(truth, said)
    return float((np.abs(found - wanted) <= steps).mean())
