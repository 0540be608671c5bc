"""What a measure may be given: series of equal length, every value known. Anything else is refused, never repaired.

Rows with an unknown value (NaN: not evaluable, not read) are dropped and counted in one place,
``scoring.agreement.bootstrap.estimate``.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scoring.errors import AgreementError, UndefinedMeasureError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]


def scores(series: npt.ArrayLike, fewest: int = 1, columns: bool = False) -> Floats:
    """Finite numbers of shape (n,), or (n, k) with ``columns``.

    AgreementError where a value is not finite or the shape is another; UndefinedMeasureError below ``fewest`` rows.
    """
    found = np.asarray(series, np.float64)
    if found.ndim != (2 if columns else 1):
        raise AgreementError(
            f"A measure wanted {'a table' if columns else 'a series'} of scores, got {found.ndim} axes."
        )
    if unknown := int((~np.isfinite(found)).sum()):
        raise AgreementError(f"{unknown} of {found.size} scores are unknown or infinite; drop and count them first.")
    if len(found) < fewest:
        raise UndefinedMeasureError(f"The measure needs {fewest} or more rows, got {len(found)}.")
    return found


def score_pair(truth: npt.ArrayLike, said: npt.ArrayLike, fewest: int = 1) -> tuple[Floats, Floats]:
    """Two series as ``scores`` wants them, of one length (n,)."""
    first, second = scores(truth), scores(said)
    if len(first) != len(second):
        raise AgreementError(f"Series of {len(first)} and {len(second)} scores cannot be compared one by one.")
    return scores(first, fewest), second


def grades(series: npt.ArrayLike, highest: int | None = None) -> Integers:
    """Whole grades or classes (n,): 0..``highest``, or any from 0 on. AgreementError names the first other value."""
    found = scores(series)
    wrong = (found != np.rint(found)) | (found < 0) | (found > (np.inf if highest is None else highest))
    if wrong.any():
        allowed = "a whole grade from 0" + ("" if highest is None else f" to {highest}")
        raise AgreementError(f"Row {int(wrong.argmax())}: {found[wrong][0]:g} is not {allowed}.")
    return found.astype(np.int64)


def grade_pair(truth: npt.ArrayLike, said: npt.ArrayLike, highest: int | None = None) -> tuple[Integers, Integers]:
    """Two series of one length (n,), n ≥ 1, of whole grades."""
    first, second = score_pair(truth, said)
    return grades(first, highest), grades(second, highest)


def yes_or_no(series: npt.ArrayLike) -> Booleans:
    """A label (n,) as truth values. AgreementError where a value is neither 0 nor 1."""
    return grades(series, 1).astype(np.bool_)


def label_and_probability(truth: npt.ArrayLike, probability: npt.ArrayLike) -> tuple[Booleans, Floats]:
    """A label and its predicted probability, both (n,). AgreementError where a probability is not in 0..1."""
    label, chance = score_pair(truth, probability)
    if len(outside := chance[(chance < 0) | (chance > 1)]):
        raise AgreementError(f"{outside[0]:g} is no probability from 0 to 1.")
    return yes_or_no(label), chance


def both_classes(label: Booleans) -> None:
    """UndefinedMeasureError unless the label holds both yes and no."""
    if label.all() or not label.any():
        raise UndefinedMeasureError(
            f"All {len(label)} labels are {'yes' if label.all() else 'no'}; the measure needs both."
        )


def varying(series: Floats) -> Floats:
    """The series less its mean. UndefinedMeasureError when it never varies."""
    if float(np.ptp(series)) == 0:
        raise UndefinedMeasureError(
            f"All {len(series)} scores of a series are equal; the measure needs some that differ."
        )
    centred: Floats = series - series.mean()
    return centred
