"""How well a score ranks yes above no, whatever the threshold."""

from __future__ import annotations

import numpy.typing as npt
from scipy.stats import rankdata

from scoring.agreement.series import both_classes, score_pair, yes_or_no


def roc_area(truth: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """Area under the ROC curve: probability that a yes scores above a no, ties by half (Hanley, Radiology 1982;143:29).

    ``truth`` (n,) of 0 and 1, ``score`` (n,), higher meaning yes. UndefinedMeasureError when only one class is there.

    >>> roc_area([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    label, given = score_pair(truth, score)
    wanted = yes_or_no(label)
    both_classes(wanted)
    yes, no = int(wanted.sum()), int((~wanted).sum())
    return (float(rankdata(given)[wanted].sum()) - yes * (yes + 1) / 2) / (yes * no)
