"""Intervals of the totals, learnt from patients that the ensemble never saw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scoring.spec import SystemSpec
from scoring.systems.svdh_hands.unseen_hands import JudgedPatient
from scoring.uncertainty.calibration import Calibration, TotalRow, calibrate
from scoring.weights import WeightRecord


def calibrated(
    judged: Sequence[JudgedPatient], spec: SystemSpec, weights: Iterable[WeightRecord], measured_on: str
) -> Calibration:
    """The calibration of these weights. A hand counts for either side: the networks see right ones mirrored."""
    hands = [
        TotalRow(one.patient.name, float(said), float(total))
        for one in judged
        for said, total in zip(one.opinions.totals, one.patient.totals, strict=True)
    ]
    both = [
        TotalRow(one.patient.name, float(one.opinions.totals.sum()), float(sum(one.patient.totals))) for one in judged
    ]
    rows = {
        total.key: (float(total.highest), hands if total.side else both) for total in spec.totals if not total.cut_offs
    }
    return calibrate(measured_on, weights, rows, {})
