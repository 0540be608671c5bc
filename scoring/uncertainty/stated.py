"""Findings with what their calibration says: an interval at every whole total, a set of grades at every grade."""

from __future__ import annotations

from dataclasses import replace

from scoring.contract import Findings
from scoring.result import ScoreItem, ScoreTotal
from scoring.uncertainty.calibration import Calibration


def with_uncertainty(findings: Findings, calibration: Calibration | None) -> Findings:
    """The same findings where nothing was calibrated; what a person entered keeps its own interval."""
    if calibration is None:
        return findings
    return replace(
        findings,
        items=tuple(_with_set(item, calibration) for item in findings.items),
        totals=tuple(_with_interval(total, calibration) for total in findings.totals),
    )


def _with_set(item: ScoreItem, calibration: Calibration) -> ScoreItem:
    found = calibration.grades(item.item, item.probabilities) if item.status == "scored" else None
    return item if found is None else replace(item, interval=(float(found[0]), float(found[1])))


def _with_interval(total: ScoreTotal, calibration: Calibration) -> ScoreTotal:
    """A sum that leaves sites out has none: the calibration is of whole ones."""
    if total.value is None or total.assessed < total.planned:
        return total
    found = calibration.total_interval(total.key, total.value)
    return total if found is None else replace(total, interval=found)
