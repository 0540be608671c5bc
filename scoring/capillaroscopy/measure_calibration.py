"""How far measures of one picture may be off, from phantom patients that nothing was trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from scoring.score_rules.nailfold_labels import ENLARGED_FROM_UM, GIANT_ABOVE_UM, LOW_DENSITY_BELOW_PER_MM
from scoring.uncertainty.calibration import (
    LEVEL,
    CalibratedTotal,
    Calibration,
    MeasuredWeights,
    TotalRow,
    read_calibration,
)
from scoring.uncertainty.total_intervals import calibrate_total
from scoring.weights import WeightRecord

ROLE: Final = "capillary_calibration"
"""Of the file among those of weights.toml."""
FILE: Final = "capillary_calibration.json"
DENSITY: Final = "density"
WIDEST: Final = "widest_apex"

_HIGHEST: Final = {DENSITY: 25.0, WIDEST: 200.0}
_BANDS: Final = {
    DENSITY: (LOW_DENSITY_BELOW_PER_MM / 2, LOW_DENSITY_BELOW_PER_MM),
    WIDEST: (ENLARGED_FROM_UM, 32.0, GIANT_ABOVE_UM),
}
"""Lower bounds of the upper bands of what is measured: many capillaries, and wide ones, are measured less closely."""


def read_measure_calibration(weights: Sequence[WeightRecord]) -> Calibration | None:
    """The calibration among these files, None without one; WeightsError when it is damaged or of other weights."""
    return read_calibration(weights, ROLE)


def calibrate_measures(measured_on: str, finder: WeightRecord, rows: Mapping[str, Sequence[TotalRow]]) -> Calibration:
    """Intervals of ``DENSITY`` (per mm) and ``WIDEST`` (um); ``rows``: what was measured and what was true."""
    totals = [
        CalibratedTotal(
            key,
            calibrate_total(
                [row.predicted for row in measured],
                [row.truth for row in measured],
                [row.patient for row in measured],
                highest=_HIGHEST[key],
                cuts=_BANDS[key],
                level=LEVEL,
            ),
        )
        for key, measured in rows.items()
    ]
    known = tuple(one for one in totals if all(np.isfinite(band.reach) for band in one.intervals.bands))
    return Calibration(measured_on, LEVEL, (MeasuredWeights(finder.role, finder.sha256),), known, ())
