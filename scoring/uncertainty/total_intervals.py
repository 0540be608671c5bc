"""Intervals of a total by band of the score: large scores are off by more than small ones.

Bands are of what the model says, which is known when a new film comes, not of the truth, which is not.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.errors import AgreementError
from scoring.uncertainty.conformal_quantile import conformal_quantile


@dataclass(frozen=True, slots=True)
class IntervalBand:
    """Predictions of at least ``lower`` (up to the next band) are off by at most ``reach`` at the stated rate."""

    lower: float
    reach: float
    """Score units; inf where too few patients were in the band."""
    patients: int


@dataclass(frozen=True, slots=True)
class TotalIntervals:
    """Calibrated intervals of one total, 0..``highest``."""

    level: float
    highest: float
    bands: tuple[IntervalBand, ...]

    def interval(self, predicted: float) -> tuple[float, float] | None:
        """Lower and upper bound within the scale; None where the calibration says nothing for such scores."""
        at = bisect_right([band.lower for band in self.bands], predicted) - 1
        reach = self.bands[max(at, 0)].reach
        if not math.isfinite(reach):
            return None
        return max(0.0, predicted - reach), min(self.highest, predicted + reach)


def calibrate_total(
    predicted: npt.ArrayLike,
    truth: npt.ArrayLike,
    patients: Sequence[object],
    *,
    highest: float,
    cuts: Sequence[float] = (),
    level: float = 0.9,
) -> TotalIntervals:
    """Learn the reach of each band from patients that nothing was trained on; ``cuts`` are the bands' lower bounds.

    A band with too few patients for the level is joined to the one below it, the lowest to the one above. Columns (n,)
    in score units. AgreementError when lengths differ or values are unknown.
    """
    said, wanted = np.asarray(predicted, np.float64), np.asarray(truth, np.float64)
    if said.shape != wanted.shape or said.shape != (len(patients),):
        raise AgreementError(
            f"{said.size} predictions, {wanted.size} truths and {len(patients)} patients; wanted rows."
        )
    names = np.asarray(patients, str)
    edges = _joined(sorted({-math.inf, *cuts}), said, names, level)
    bands = []
    for lower, upper in zip(edges, [*edges[1:], math.inf], strict=True):
        inside = (said >= lower) & (said < upper)
        reach = conformal_quantile(np.abs(said - wanted)[inside], list(names[inside]), level)
        bands.append(IntervalBand(max(lower, 0.0), reach, len(set(names[inside]))))
    return TotalIntervals(level, highest, tuple(bands))


def covered_share(intervals: TotalIntervals, predicted: npt.ArrayLike, truth: npt.ArrayLike) -> float:
    """Share of truths inside their interval; a prediction without an interval counts as not covered."""
    pairs = zip(np.asarray(predicted, float).tolist(), np.asarray(truth, float).tolist(), strict=True)
    inside = [(found := intervals.interval(said)) is not None and found[0] <= true <= found[1] for said, true in pairs]
    return sum(inside) / len(inside) if inside else float("nan")


def _joined(
    edges: list[float], said: npt.NDArray[np.float64], names: npt.NDArray[np.str_], level: float
) -> list[float]:
    """Edges of bands that each hold the patients that the level needs: K / (K + 1) >= level."""
    wanted = math.ceil(level / (1 - level) - 1e-9)

    def patients(lower: float, upper: float) -> int:
        return len(set(names[(said >= lower) & (said < upper)]))

    kept = list(edges)
    for edge in reversed(edges[1:]):  # from above: high scores are rare
        at = kept.index(edge)
        upper = kept[at + 1] if at + 1 < len(kept) else math.inf
        if patients(edge, upper) < wanted:
            kept.remove(edge)
    if len(kept) > 1 and patients(kept[0], kept[1]) < wanted:
        kept.pop(1)
    return kept
