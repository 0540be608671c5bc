"""Error size of probabilities: 0 is perfect, always saying the prevalence p scores p (1 - p)."""

from __future__ import annotations

import numpy.typing as npt

from scoring.agreement.series import label_and_probability


def brier_score(truth: npt.ArrayLike, probability: npt.ArrayLike) -> float:
    """Mean of (probability - truth)² (Brier, Mon Weather Rev 1950;78:1). Both (n,).

    UndefinedMeasureError when there is no row.

    >>> round(brier_score([0, 1, 1, 0], [0.1, 0.9, 0.8, 0.3]), 4)
    0.0375
    """
    label, chance = label_and_probability(truth, probability)
    return float(((chance - label) ** 2).mean())
