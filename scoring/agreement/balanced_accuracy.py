"""Accuracy in which every grade counts the same, however rare: always saying 0 does not pay."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scoring.agreement.series import grade_pair
from scoring.errors import UndefinedMeasureError


def balanced_accuracy(truth: npt.ArrayLike, said: npt.ArrayLike) -> float:
    """Mean over the true classes of the share of each that is said right; both (n,) of whole classes.

    For yes and no this is (sensitivity + specificity) / 2. UndefinedMeasureError when one class alone is true.

    >>> balanced_accuracy([0, 0, 0, 1], [0, 0, 0, 0])
    0.5
    """
    wanted, found = grade_pair(truth, said)
    classes = np.unique(wanted)
    if len(classes) < 2:
        raise UndefinedMeasureError(f"All {len(wanted)} true classes are {classes[0]}; balanced accuracy needs two.")
    return float(np.mean([(found[wanted == one] == one).mean() for one in classes]))
