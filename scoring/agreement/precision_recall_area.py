"""How clean the top of a ranking is: for rare labels, where the ROC curve flatters. Report prevalence beside it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scoring.agreement.series import both_classes, score_pair, yes_or_no


def precision_recall_area(truth: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """Average precision: sum over thresholds of (rise of recall) x precision, not interpolated; chance = prevalence.

    ``truth`` (n,) of 0 and 1, ``score`` (n,), higher meaning yes. Equal scores are one threshold.
    UndefinedMeasureError when only one class is there.

    >>> round(precision_recall_area([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 4)
    0.8333
    """
    label, given = score_pair(truth, score)
    wanted = yes_or_no(label)
    both_classes(wanted)
    order = np.argsort(-given, kind="stable")
    last_of_equals = np.append(np.diff(given[order]) != 0, True)
    hits = np.cumsum(wanted[order])[last_of_equals]
    taken = (np.flatnonzero(last_of_equals) + 1).astype(np.float64)
    return float((np.diff(hits, prepend=0) / wanted.sum() * (hits / taken)).sum())
