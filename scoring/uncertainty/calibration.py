"""A system's calibration: how far its totals are off, and which grades its probabilities stand for, as measured once.

It lies beside the weights as one more file of ``weights.toml`` (role ``calibration``), is covered by the same hashes,
and holds for the weight files that it names and for no others.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from scoring.errors import ResultError, WeightsError
from scoring.frozen_json import from_json, to_json
from scoring.uncertainty.grade_sets import calibrate_grades, grade_set
from scoring.uncertainty.total_intervals import TotalIntervals, calibrate_total
from scoring.weights import WeightRecord, checked_bytes

ROLE: Final = "calibration"
"""Of the calibration among the files of a weights.toml."""
FILE: Final = "calibration.json"
LEVEL: Final = 0.95
"""The one that reports have codes for: ``CI95-LOWER`` and ``CI95-UPPER``."""
BANDS: Final = (1 / 28, 1 / 14, 1 / 7, 1 / 4, 1 / 2)
"""Lower bounds of the upper score bands, in shares of a total's scale: 10, 20, 40, 70 and 140 of 280."""


@dataclass(frozen=True, slots=True)
class TotalRow:
    """One total of one film, or of one visit, of a patient that nothing was trained on."""

    patient: str
    predicted: float
    truth: float


@dataclass(frozen=True, slots=True)
class GradeRow:
    """One grade of such a patient. ``probabilities`` of the grades from 0 upwards."""

    patient: str
    probabilities: tuple[float, ...]
    truth: int


@dataclass(frozen=True, slots=True)
class CalibratedTotal:
    """The intervals of a total, by its key in spec.toml."""

    key: str
    intervals: TotalIntervals


@dataclass(frozen=True, slots=True)
class CalibratedItem:
    """The probability that a set of grades must exceed, by the item's key in spec.toml."""

    item: str
    mass: float
    patients: int


@dataclass(frozen=True, slots=True)
class MeasuredWeights:
    """One weight file that took part when the calibration was measured."""

    role: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Calibration:
    """Everything that was calibrated. What had too few patients is not in it, and then nothing is said of it."""

    measured_on: str
    """Of which films the statement holds, in one sentence without a full stop."""
    level: float
    weights: tuple[MeasuredWeights, ...]
    totals: tuple[CalibratedTotal, ...]
    items: tuple[CalibratedItem, ...]

    @property
    def is_empty(self) -> bool:
        """Nothing had enough patients."""
        return not self.totals and not self.items

    def total_interval(self, key: str, predicted: float) -> tuple[float, float] | None:
        """Interval around an expected total, its ends rounded outwards to tenths; None where nothing is known."""
        intervals = next((one.intervals for one in self.totals if one.key == key), None)
        found = intervals.interval(predicted) if intervals is not None else None
        if found is None or intervals is None:
            return None
        return math.floor(10 * found[0] + 1e-9) / 10, min(intervals.highest, math.ceil(10 * found[1] - 1e-9) / 10)

    def grades(self, item: str, probabilities: Sequence[float]) -> tuple[int, int] | None:
        """Lowest and highest grade of the set; None where nothing is known."""
        mass = next((one.mass for one in self.items if one.item == item), None)
        return None if mass is None or not probabilities else grade_set(probabilities, mass)


def calibrate(
    measured_on: str,
    weights: Iterable[WeightRecord],
    totals: Mapping[str, tuple[float, Sequence[TotalRow]]],
    grades: Mapping[str, Sequence[GradeRow]],
) -> Calibration:
    """Learn intervals and sets. ``totals``: highest value and rows by key; ``grades``: rows by item.

    Neither has an entry in the calibration when its rows are of too few patients (19 for 95 %).
    """
    learnt = [
        CalibratedTotal(
            key,
            calibrate_total(
                [row.predicted for row in rows],
                [row.truth for row in rows],
                [row.patient for row in rows],
                highest=highest,
                cuts=[share * highest for share in BANDS],
                level=LEVEL,
            ),
        )
        for key, (highest, rows) in totals.items()
        if rows
    ]
    sets = [
        CalibratedItem(item, _mass(rows), len({row.patient for row in rows})) for item, rows in grades.items() if rows
    ]
    return Calibration(
        measured_on=measured_on,
        level=LEVEL,
        weights=tuple(MeasuredWeights(file.role, file.sha256) for file in weights if file.role != ROLE),
        totals=tuple(t for t in learnt if all(math.isfinite(band.reach) for band in t.intervals.bands)),
        items=tuple(s for s in sets if math.isfinite(s.mass)),
    )


def calibration_json(calibration: Calibration) -> str:
    """As the file beside the weights holds it; the same calibration gives the same bytes."""
    return json.dumps(to_json(calibration), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def read_calibration(weights: Sequence[WeightRecord], role: str = ROLE) -> Calibration | None:
    """The calibration among a system's weight files, or None when none was shipped.

    Raises WeightsError when the file is missing, changed or damaged, or was measured with other weights.
    """
    record = next((file for file in weights if file.role == role), None)
    if record is None:
        return None
    calibration = _read(record)
    there = {MeasuredWeights(file.role, file.sha256) for file in weights}
    if strangers := [used for used in calibration.weights if used not in there]:
        raise WeightsError(
            f"{record.path.name} was measured with another {strangers[0].role} ({strangers[0].sha256[:12]}…) than is "
            "listed now; its intervals would not hold. Calibrate again, or take it out of weights.toml."
        )
    return calibration


@lru_cache(maxsize=8)
def _read(record: WeightRecord) -> Calibration:
    try:
        return from_json(Calibration, json.loads(checked_bytes(record)), FILE)
    except (ValueError, ResultError) as error:
        raise WeightsError(f"{record.path.name} is no calibration: {error} Calibrate again.") from None


def _mass(rows: Sequence[GradeRow]) -> float:
    probabilities = [row.probabilities for row in rows]
    return calibrate_grades(probabilities, [row.truth for row in rows], [row.patient for row in rows], LEVEL)
