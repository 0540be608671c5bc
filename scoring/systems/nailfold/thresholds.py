"""From which probability on a label is said to be present: chosen on patients who did not teach it, then locked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.score_rules.nailfold_labels import NAILFOLD_LABELS, NailfoldLabel
from scoring.systems.nailfold.picture_book import Truth, present

UNDECIDED: Final = 0.5
"""Where no picture has a label, no threshold is better than another."""
_AS_GOOD: Final = 0.005
"""An F1 that is lower by no more is as good: by so much it differs from one draw of validation patients to the next."""
_PLACES: Final = 4

NO_THRESHOLDS: Final[Mapping[NailfoldLabel, float]] = dict.fromkeys(NAILFOLD_LABELS, UNDECIDED)
"""Before any are chosen."""
Probabilities = npt.NDArray[np.float32]
"""(n, 5), 0..1, in the order of ``NAILFOLD_LABELS``."""


def choose_thresholds(truth: Truth, said: Probabilities, floor: float = 0.0) -> Mapping[NailfoldLabel, float]:
    """For each label the threshold nearest to a half of those whose F1 is as good as the best, for the best F1 alone
    follows the few pictures next to it: where a network is sure, any threshold between far-away ends does.

    Only those count that find at least the share ``floor`` of the present. Both (n, 5); what could not be judged (NaN)
    does not count.
    """
    chosen: dict[NailfoldLabel, float] = {}
    for column, label in enumerate(NAILFOLD_LABELS):
        wanted, found = present(truth)[:, column], said[:, column].astype(np.float64)
        judged = np.isfinite(wanted)
        chosen[label] = _threshold(wanted[judged] > 0, found[judged], floor)
    return chosen


def decided(said: Probabilities, thresholds: Mapping[NailfoldLabel, float]) -> npt.NDArray[np.bool_]:
    """(n, 5): which labels are said to be present."""
    return np.asarray(said >= np.array([thresholds[label] for label in NAILFOLD_LABELS]))


def _threshold(wanted: npt.NDArray[np.bool_], said: npt.NDArray[np.float64], floor: float) -> float:
    """Between two probabilities that occur, in the middle."""
    if not wanted.any():
        return UNDECIDED
    values = np.unique(said)
    cuts = np.round(np.concatenate([values[:1] / 2, (values[1:] + values[:-1]) / 2]), _PLACES)
    found = said[None] >= cuts[:, None]
    hits = (found & wanted).sum(1)
    f1 = 2 * hits / (found.sum(1) + wanted.sum())
    allowed = hits >= floor * wanted.sum()
    good = cuts[allowed & (f1 >= f1[allowed].max() - _AS_GOOD)]
    nearest = good[np.abs(good - UNDECIDED).argmin()]
    return float(np.clip(nearest, 10.0**-_PLACES, 1 - 10.0**-_PLACES))
