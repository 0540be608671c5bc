"""Sums and severity class of a result: per hand, and of both where both were judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scoring.result import ScoreTotal
from scoring.score_rules.sharp_van_der_heijde import Side
from scoring.spec import SystemSpec, TotalSpec
from scoring.systems.svdh_hands.ensemble import Severity

SEVERITY: Final = "svdh.severity.both"


def severity_cuts(spec: SystemSpec) -> tuple[int, ...]:
    """The totals of both hands from which on the class is 1, 2, …"""
    return spec.total(SEVERITY).cut_offs


def total_rows(spec: SystemSpec, hands: Mapping[Side, float], severity: Severity | None) -> tuple[ScoreTotal, ...]:
    """Every sum that the spec lists; ``hands``: the sum of each hand that was judged, ``severity`` of both."""
    return tuple(_row(spec, wanted, hands, severity) for wanted in spec.totals)


def _row(spec: SystemSpec, wanted: TotalSpec, hands: Mapping[Side, float], severity: Severity | None) -> ScoreTotal:
    planned = [side for side in spec.sides if wanted.side in (None, side)]
    judged = [hands[side] for side in planned if side in hands]
    missing = "none_assessed" if not judged else "incomplete" if len(judged) < len(planned) else None
    value: float | None = None
    grade: int | None = None
    if missing is None and wanted.cut_offs and severity is not None:
        value, grade = severity.expected, severity.grade
    elif missing is None:
        value, grade = round(sum(judged), 4), round(sum(judged))
    return ScoreTotal(
        key=wanted.key,
        side=wanted.side,
        value=value,
        grade=grade,
        assessed=len(judged),
        planned=len(planned),
        highest=float(wanted.highest),
        reason=spec.reasons[missing] if missing else None,
    )
