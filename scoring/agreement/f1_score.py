"""F1 of yes-or-no labels, never without the F1 that always saying yes would have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.agreement.series import grade_pair, score_pair, scores, yes_or_no
from scoring.errors import AgreementError, UndefinedMeasureError


@dataclass(frozen=True, slots=True)
class LabelF1:
    """F1 of one label, the share of true yes, and 2 p / (1 + p), what always saying yes would reach at that share."""

    f1: float
    prevalence: float
    always_yes_f1: float


def label_f1(truth: npt.ArrayLike, said: npt.ArrayLike) -> LabelF1:
    """F1 beside its prevalence; both (n,) of 0 and 1. UndefinedMeasureError where ``f1_score`` has no value.

    >>> label_f1([1, 1, 0, 0], [1, 0, 0, 0])
    LabelF1(f1=0.6666666666666666, prevalence=0.5, always_yes_f1=0.6666666666666666)
    """
    prevalence = float(yes_or_no(truth).mean()) if np.size(truth) else 0.0
    return LabelF1(f1_score(truth, said), prevalence, 2 * prevalence / (1 + prevalence))


def f1_score(truth: npt.ArrayLike, said: npt.ArrayLike) -> float:
    """2 TP / (2 TP + FP + FN), both (n,) of 0 and 1. UndefinedMeasureError when nothing is yes, in truth or said.

    >>> f1_score([1, 1, 0, 0], [1, 0, 1, 0])
    0.5
    """
    first, second = score_pair(truth, said)
    wanted, found = yes_or_no(first), yes_or_no(second)
    if not (wanted | found).any():
        raise UndefinedMeasureError(f"None of {len(wanted)} labels is yes, in truth or as said; F1 needs one.")
    return 2 * float((wanted & found).sum()) / float(wanted.sum() + found.sum())


def macro_f1(truth: npt.ArrayLike, said: npt.ArrayLike) -> float:
    """Mean F1 of several labels, each (n, labels) of 0 and 1. UndefinedMeasureError when one of them has no F1.

    >>> macro_f1([[1, 0], [1, 1]], [[1, 1], [1, 1]])
    0.8333333333333333
    """
    wanted, found = scores(truth, columns=True), scores(said, columns=True)
    if wanted.shape != found.shape or not wanted.shape[1]:
        raise AgreementError(f"Tables of labels of shapes {wanted.shape} and {found.shape} cannot be compared.")
    return float(np.mean([f1_score(*pair) for pair in zip(wanted.T, found.T, strict=True)]))


def macro_f1_of_classes(truth: npt.ArrayLike, said: npt.ArrayLike) -> float:
    """Mean over the classes that occur, in truth or as said, of the F1 of being that class; both (n,).

    >>> macro_f1_of_classes([0, 0, 1, 2], [0, 0, 1, 1])
    0.5555555555555555
    """
    wanted, found = grade_pair(truth, said)
    classes = np.union1d(wanted, found)
    return float(np.mean([f1_score(wanted == one, found == one) for one in classes]))
