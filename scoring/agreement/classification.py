"""How often grades are the same, or nearly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def share_within(truth: npt.ArrayLike, said: npt.ArrayLike, steps: int = 0) -> float:
    """Share of grades that differ by at most ``steps``; accuracy with ``steps`` 0.

    >>> share_within([0, 1, 2, 3], [0, 2, 2, 1]), share_within([0, 1, 2, 3], [0, 2, 2, 1], steps=1)
    (0.5, 0.75)
    """
    difference = np.abs(np.asarray(truth, np.float64) - np.asarray(said, np.float64))
    return float((difference <= steps).mean())
