"""The numbers beside a plot of cumulative probability: how patients of one arm, or as one reader saw them, changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.agreement.series import scores


@dataclass(frozen=True, slots=True)
class ChangeSummary:
    """Shares of patients from 0 to 1; the rest in units of the score."""

    patients: int
    share_to_zero: float
    """Change of 0 or less: no progression."""
    share_to_half: float
    """Change of 0.5 or less: no progression where a score is the mean of two readers."""
    share_beyond_detectable: float
    """Change above the smallest detectable change."""
    share_from_important: float
    """Change of the clinically important size or more."""
    mean: float
    standard_deviation: float
    median: float
    lower_quartile: float
    upper_quartile: float


def change_summary(changes: npt.ArrayLike, smallest_detectable: float, important: float = 5.0) -> ChangeSummary:
    """Of the changes (n,), last visit less first; standard deviation with n - 1. UndefinedMeasureError when n < 2.

    ``important``: 5 units of Sharp/van der Heijde, early disease, one year (Bruynesteyn, Arthritis Rheum 2002;46:913).

    >>> found = change_summary([-1, 0, 0.5, 6], smallest_detectable=2)
    >>> found.share_to_zero, found.share_to_half, found.share_beyond_detectable, found.median
    (0.5, 0.75, 0.25, 0.25)
    """
    change = scores(changes, fewest=2)
    lower, median, upper = (float(at) for at in np.quantile(change, (0.25, 0.5, 0.75)))
    return ChangeSummary(
        patients=len(change),
        share_to_zero=float((change <= 0).mean()),
        share_to_half=float((change <= 0.5).mean()),
        share_beyond_detectable=float((change > smallest_detectable).mean()),
        share_from_important=float((change >= important).mean()),
        mean=float(change.mean()),
        standard_deviation=float(change.std(ddof=1)),
        median=median,
        lower_quartile=lower,
        upper_quartile=upper,
    )
