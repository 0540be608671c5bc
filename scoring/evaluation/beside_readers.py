"""Is the system within the readers? Its agreement with each reader beside the readers' agreement with each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from scoring.agreement.bootstrap import Estimate, estimate
from scoring.evaluation.comparison import Compared
from scoring.evaluation.named_measures import NamedMeasure


@dataclass(frozen=True, slots=True)
class BesideReaders:
    """One measure: mean over readers of system against reader, mean over pairs of readers, and their difference.

    Where the difference's interval holds 0, these data do not tell the system from one more reader.
    """

    measure: NamedMeasure
    readers: tuple[str, ...]
    system: Estimate
    between: Estimate
    difference: Estimate


def beside_readers(
    rows: Sequence[Compared], measure: NamedMeasure, whole: bool, *, seed: int, resamples: int
) -> BesideReaders | None:
    """The comparison over the rows that every reader and the system graded; None with fewer than two readers."""
    readers = tuple(sorted({name for row in rows for name in row.readings}))
    if len(readers) < 2:
        return None
    table = np.array([[*(row.readings.get(name, np.nan) for name in readers), _said(row, whole)] for row in rows])
    if whole:
        table[:, :-1] = np.floor(table[:, :-1] + 0.5)  # the mean of a reader's repeats

    def of_system(read: npt.NDArray[np.float64]) -> float:
        return float(np.mean([measure.of(read[:, n], read[:, -1]) for n in range(len(readers))]))

    def between(read: npt.NDArray[np.float64]) -> float:
        return float(np.mean([measure.of(read[:, a], read[:, b]) for a, b in combinations(range(len(readers)), 2)]))

    def difference(read: npt.NDArray[np.float64]) -> float:
        return of_system(read) - between(read)

    patients = [row.patient for row in rows]
    found = [
        estimate(one, [table], patients, seed=seed, resamples=resamples) for one in (of_system, between, difference)
    ]
    return BesideReaders(measure, readers, *found)


def _said(row: Compared, whole: bool) -> float:
    said = row.grade if whole else row.expected
    return np.nan if said is None else float(said)


def sentence(found: BesideReaders) -> str:
    """The answer in words, with what it rests on."""
    if found.difference.lower is None or found.difference.upper is None:
        return f"It cannot be said whether the system is within the readers: {found.difference.reason}"
    rest = f"({found.measure.words}, {found.difference.groups} patients, {len(found.readers)} readers)"
    if found.difference.lower > 0:
        return f"The system agrees with the readers better than they do with each other {rest}."
    if found.difference.upper < 0:
        return f"The system agrees with the readers less than they do with each other {rest}."
    return f"The system cannot be told from one more reader {rest}."
