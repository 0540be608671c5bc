"""Everything that is measured of one comparison, with intervals by drawing patients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import nan
from typing import Final

import numpy as np

from scoring.agreement.bootstrap import Estimate, estimate
from scoring.evaluation.beside_readers import BesideReaders, beside_readers
from scoring.evaluation.comparison import Compared, Comparison, Scale
from scoring.evaluation.coverage import coverage
from scoring.evaluation.named_measures import NamedMeasure, measures_of, measures_of_a_band, measures_of_a_part
from scoring.evaluation.pointing import Pointing
from scoring.evaluation.strata import BAND, Stratum, strata
from scoring.learning.progress import Progress, silent

RESAMPLES: Final = 2000
_RESAMPLES_OF_A_PART: Final = 400


@dataclass(frozen=True, slots=True)
class Measured:
    """One measure of one set of rows."""

    measure: NamedMeasure
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class PartEvaluation:
    """The main measure and the error in one part of the rows, and how often the system gave nothing there."""

    by: str
    name: str
    rows: int
    not_given: int
    measured: tuple[Measured, ...]


@dataclass(frozen=True, slots=True)
class ReaderEvaluation:
    """The system against one reader alone."""

    reader: str
    measured: tuple[Measured, ...]


@dataclass(frozen=True)
class ItemEvaluation:
    """All that is known of one item."""

    item: str
    scale: Scale
    rows: int
    not_given: int
    reasons: dict[str, int]
    """Why the system gave nothing, with how often."""
    measured: tuple[Measured, ...]
    parts: tuple[PartEvaluation, ...]
    by_reader: tuple[ReaderEvaluation, ...]
    beside: BesideReaders | None


@dataclass(frozen=True)
class Evaluation:
    """All items of a comparison."""

    comparison: Comparison
    items: tuple[ItemEvaluation, ...]
    seed: int
    pointing: Pointing | None = None
    """Whether the heatmap points at damage; ``None`` where there is no heatmap."""


def evaluate_comparison(
    comparison: Comparison, seed: int = 1, resamples: int = RESAMPLES, progress: Progress = silent
) -> Evaluation:
    """Measure every item of the comparison that has a row with a truth."""
    scales = {item: scale for item, scale in comparison.scales.items() if _read(comparison.of(item))}
    items = []
    for number, (item, scale) in enumerate(scales.items(), 1):
        items.append(_item(item, scale, _read(comparison.of(item)), seed, resamples))
        progress("items measured", number, len(scales))
    return Evaluation(comparison, tuple(items), seed)


def truth_and_said(rows: Sequence[Compared], scale: Scale) -> tuple[list[float], list[float], list[str]]:
    """Columns of the rows that both gave, and their patients; of whole grades the mean of readers, half rounded up."""
    both = [row for row in rows if row.truth is not None and row.expected is not None and row.grade is not None]
    truth = [row.truth or 0.0 for row in both]
    said = [float(row.grade or 0) if scale.whole else row.expected or 0.0 for row in both]
    if scale.whole:
        truth = np.floor(np.asarray(truth) + 0.5).tolist()
    return truth, said, [row.patient for row in both]


def probabilities(rows: Sequence[Compared]) -> list[float]:
    """The real values of the same rows as ``truth_and_said``."""
    both = [row for row in rows if row.truth is not None and row.grade is not None]
    return [row.expected for row in both if row.expected is not None]


def _read(rows: Sequence[Compared]) -> tuple[Compared, ...]:
    return tuple(row for row in rows if row.readings)


def _item(item: str, scale: Scale, rows: tuple[Compared, ...], seed: int, resamples: int) -> ItemEvaluation:
    measures = measures_of(scale)
    few = measures_of_a_part(scale)
    readers = sorted({name for row in rows for name in row.readings})
    part_resamples = min(resamples, _RESAMPLES_OF_A_PART)
    calibrated = any(row.interval is not None for row in rows)
    return ItemEvaluation(
        item=item,
        scale=scale,
        rows=len(rows),
        not_given=sum(row.expected is None for row in rows),
        reasons=dict(Counter(row.reason for row in rows if row.expected is None).most_common()),
        measured=(
            *_measured(rows, scale, measures, seed, resamples),
            *_covered(rows, scale, calibrated, seed, resamples),
        ),
        parts=tuple(_part(part, scale, calibrated, seed, part_resamples) for part in strata(rows, scale)),
        by_reader=tuple(
            ReaderEvaluation(name, _measured(_of_reader(rows, name), scale, few, seed, part_resamples))
            for name in readers
        ),
        beside=beside_readers(rows, measures[0], scale.whole, seed=seed, resamples=part_resamples),
    )


def _part(part: Stratum, scale: Scale, calibrated: bool, seed: int, resamples: int) -> PartEvaluation:
    measures = measures_of_a_band(scale) if part.by == BAND else measures_of_a_part(scale)
    not_given = sum(row.expected is None for row in part.rows)
    measured = _measured(part.rows, scale, measures, seed, resamples)
    covered = _covered(part.rows, scale, calibrated, seed, resamples)
    return PartEvaluation(part.by, part.name, len(part.rows), not_given, (*measured, *covered))


def _covered(
    rows: Sequence[Compared], scale: Scale, calibrated: bool, seed: int, resamples: int
) -> tuple[Measured, ...]:
    """How often the truth lay where the calibration says that it lies; nothing where nothing was calibrated."""
    if not calibrated:
        return ()
    measure = coverage(scale.whole)
    both = [row for row in rows if row.truth is not None]
    columns = [[row.truth for row in both], *zip(*((row.interval or (nan, nan)) for row in both), strict=True)]
    found = estimate(measure.of, columns, [row.patient for row in both], seed=seed, resamples=resamples)
    return (Measured(measure, found),)


def _measured(
    rows: Sequence[Compared], scale: Scale, measures: Sequence[NamedMeasure], seed: int, resamples: int
) -> tuple[Measured, ...]:
    truth, said, patients = truth_and_said(rows, scale)
    probability = probabilities(rows) if scale.presence else said
    return tuple(
        Measured(
            one,
            estimate(
                one.of,
                (truth, probability if one.of_probability else said),
                patients,
                seed=seed,
                resamples=resamples,
            ),
        )
        for one in measures
    )


def _of_reader(rows: Sequence[Compared], reader: str) -> tuple[Compared, ...]:
    return tuple(replace(row, readings={reader: row.readings[reader]}) for row in rows if reader in row.readings)
