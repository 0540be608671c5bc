"""Any measure with an interval, by drawing patients again: what is uncertain is who was studied, not which film."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.agreement.series import Floats, Integers
from scoring.errors import AgreementError, UndefinedMeasureError

Measure = Callable[..., float]
"""Takes the columns in their order; raises UndefinedMeasureError where it has no value."""

_MOST_UNDEFINED = 0.1
"""Share of resamples without a value above which an interval of the rest would hide how little is known."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measure with its percentile interval. Where ``value`` or the interval is ``None``, ``reason`` says why."""

    value: float | None
    lower: float | None
    upper: float | None
    reason: str
    level: float
    rows: int
    """Complete rows, which were measured."""
    dropped: int
    """Rows left out because a value in them is unknown (NaN)."""
    groups: int
    """Patients among the complete rows."""
    resamples: int
    undefined_resamples: int
    """Of them, those in which the measure has no value; the interval is of the others."""
    seed: int


def estimate(
    measure: Measure,
    columns: Sequence[npt.ArrayLike],
    groups: Sequence[object] | npt.NDArray[np.generic],
    *,
    seed: int,
    resamples: int = 2000,
    level: float = 0.95,
) -> Estimate:
    """``measure(*columns)`` and its interval from ``resamples`` draws, with replacement, of whole groups.

    Columns: (n,) or (n, k), NaN where unknown: such a row is dropped from all and counted. ``groups``: (n,), the
    patient of each row, whose rows are drawn together. With equal rows, groups and seed every measure sees the same
    draws. Percentile interval (Efron and Tibshirani 1993, chapter 13) of clusters (Field and Welsh, J R Stat Soc B
    2007;69:369). AgreementError when lengths differ or a group is unknown.

    >>> from scoring.agreement.error_size import bias
    >>> found = estimate(bias, ([1, 2, 3, float("nan")], [2, 3, 4, 5]), ["a", "a", "b", "c"], seed=1, resamples=100)
    >>> found.value, found.lower, found.upper, found.groups, found.dropped
    (1.0, 1.0, 1.0, 2, 1)
    """
    tables, codes, dropped = _complete_rows(columns, groups)
    patients = len(np.unique(codes))
    value, reason = _value(measure, tables)
    drawn = resamples if value is not None and patients > 1 else 0
    found = list(_of_resamples(measure, tables, codes, seed, drawn))
    reason = reason or _no_interval(patients, drawn, len(found))
    lower = upper = None
    if not reason:
        lower, upper = (float(edge) for edge in np.quantile(found, ((1 - level) / 2, (1 + level) / 2)))
    return Estimate(value, lower, upper, reason, level, len(codes), dropped, patients, drawn, drawn - len(found), seed)


def _value(measure: Measure, tables: Sequence[Floats]) -> tuple[float | None, str]:
    """The measure and no reason, or none and the reason."""
    try:
        return float(measure(*tables)), ""
    except UndefinedMeasureError as error:
        return None, str(error)


def _complete_rows(
    columns: Sequence[npt.ArrayLike], groups: Sequence[object] | npt.NDArray[np.generic]
) -> tuple[list[Floats], Integers, int]:
    """Columns and group codes of the rows in which all is known, sorted by group; and how many the others are."""
    tables = [np.asarray(column, np.float64) for column in columns]
    if not tables or len({len(groups), *(len(table) for table in tables)}) != 1:
        lengths = ", ".join(str(len(table)) for table in tables)
        raise AgreementError(
            f"Columns of lengths {lengths or 'none'} and {len(groups)} groups are not rows of one table."
        )
    if any(name is None or name != name for name in groups):
        raise AgreementError("A row names no patient; rows of unknown patients cannot be drawn by patient.")
    code_of = {name: number for number, name in enumerate(dict.fromkeys(groups))}
    codes = np.array([code_of[name] for name in groups], np.int64)
    known = np.ones(len(codes), np.bool_)
    for table in tables:
        known &= ~np.isnan(table).any(axis=tuple(range(1, table.ndim)))
    order = np.argsort(codes[known], kind="stable")
    return [table[known][order] for table in tables], codes[known][order], int((~known).sum())


def _of_resamples(
    measure: Measure, tables: Sequence[Floats], codes: Integers, seed: int, resamples: int
) -> Iterator[float]:
    """The measure of each draw in which it has a value. Rows lie sorted by group."""
    _, first, size = np.unique(codes, return_index=True, return_counts=True)
    chance = np.random.default_rng(seed)
    for _ in range(resamples):
        drawn = chance.integers(0, len(first), len(first))
        before = np.cumsum(size[drawn]) - size[drawn]
        rows = np.repeat(first[drawn] - before, size[drawn]) + np.arange(size[drawn].sum())
        try:
            yield float(measure(*(table[rows] for table in tables)))
        except UndefinedMeasureError:
            continue


def _no_interval(patients: int, resamples: int, defined: int) -> str:
    """Why there is no interval; empty when there is one."""
    if patients < 2:
        return "All rows are of one patient: nothing says how other patients would differ."
    if resamples < 1 or resamples - defined > _MOST_UNDEFINED * resamples:
        return f"In {resamples - defined} of {resamples} resamples the measure has no value."
    return ""
