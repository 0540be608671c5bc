"""Which measures a report gives of grades and of scores, with their names in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.agreement.balanced_accuracy import balanced_accuracy
from scoring.agreement.bootstrap import Measure
from scoring.agreement.brier_score import brier_score
from scoring.agreement.classification import share_within
from scoring.agreement.concordance import concordance_correlation
from scoring.agreement.correlation import pearson_correlation
from scoring.agreement.error_size import bias, mean_absolute_error, root_mean_square_error
from scoring.agreement.f1_score import f1_score
from scoring.agreement.intraclass_correlation import icc_2_1, icc_3_1
from scoring.agreement.limits_of_agreement import limits_of_agreement, proportional_bias
from scoring.agreement.measurement_error import smallest_detectable_change_of_status, standard_error_of_measurement
from scoring.agreement.precision_recall_area import precision_recall_area
from scoring.agreement.rank_correlation import spearman_correlation
from scoring.agreement.roc_area import roc_area
from scoring.agreement.weighted_kappa import linear_weighted_kappa, quadratic_weighted_kappa
from scoring.errors import UndefinedMeasureError
from scoring.evaluation.comparison import Scale


@dataclass(frozen=True, slots=True)
class NamedMeasure:
    """A measure as a report shows it, of truth and what was said, or of truth and bounds; ``places``: decimals."""

    key: str
    words: str
    of: Measure
    places: int = 2
    of_probability: bool = False
    """True: of the probability of yes, not of the decision."""


def measures_of(scale: Scale) -> tuple[NamedMeasure, ...]:
    """Of whole grades those of a joint-level benchmark, of scores those of a reading centre; the first is the main."""
    if scale.presence:
        return _PRESENCE_MEASURES
    return _grade_measures(int(scale.highest)) if scale.whole else _SCORE_MEASURES


def measures_of_a_band(scale: Scale) -> tuple[NamedMeasure, ...]:
    """Where all truths are alike, agreement beyond chance and correlation say nothing: only how far off it is."""
    return tuple(one for one in measures_of(scale) if one.key in ("accuracy", "mean_absolute_error", "bias"))


def measures_of_a_part(scale: Scale) -> tuple[NamedMeasure, ...]:
    """The main measure, and how far off it is; of a yes or no how often it is there."""
    if scale.presence:
        return _PRESENCE_MEASURES[:3]
    main, *others = measures_of(scale)
    return (main, *(one for one in others if one.key in ("mean_absolute_error", "bias")))


def _grade_measures(highest: int) -> tuple[NamedMeasure, ...]:
    return (
        NamedMeasure("quadratic_kappa", "quadratic weighted kappa", partial(quadratic_weighted_kappa, highest=highest)),
        NamedMeasure("linear_kappa", "linear weighted kappa", partial(linear_weighted_kappa, highest=highest)),
        NamedMeasure("accuracy", "same grade", share_within),
        NamedMeasure("within_one", "at most one grade off", partial(share_within, steps=1)),
        NamedMeasure("balanced_accuracy", "balanced accuracy", balanced_accuracy),
        NamedMeasure("mean_absolute_error", "mean absolute error", mean_absolute_error),
        NamedMeasure("sensitivity", "sensitivity for damage (grade above 0)", _sensitivity),
        NamedMeasure("specificity", "specificity for damage (grade above 0)", _specificity),
    )


def _icc(measure: Callable[[npt.ArrayLike], float], truth: npt.ArrayLike, said: npt.ArrayLike) -> float:
    return measure(np.stack([np.asarray(truth, np.float64), np.asarray(said, np.float64)], 1))


def _lower_limit(truth: npt.ArrayLike, said: npt.ArrayLike) -> float:
    return limits_of_agreement(truth, said).lower


def _upper_limit(truth: npt.ArrayLike, said: npt.ArrayLike) -> float:
    return limits_of_agreement(truth, said).upper


def _sensitivity(truth: npt.ArrayLike, said: npt.ArrayLike, kind: str = "damaged site") -> float:
    damaged = np.asarray(truth) > 0
    return _share(np.asarray(said)[damaged] > 0, kind)


def _specificity(truth: npt.ArrayLike, said: npt.ArrayLike, kind: str = "undamaged site") -> float:
    damaged = np.asarray(truth) > 0
    return _share(np.asarray(said)[~damaged] == 0, kind)


def _share(right: npt.NDArray[np.bool_], kind: str) -> float:
    if not right.size:
        raise UndefinedMeasureError(f"No {kind} is among the rows.")
    return float(right.mean())


def _prevalence(truth: npt.ArrayLike, said: npt.ArrayLike) -> float:
    present = np.asarray(truth, np.float64)
    if not present.size:
        raise UndefinedMeasureError("No picture is among the rows.")
    return float(present.mean())


def _always_yes_f1(truth: npt.ArrayLike, said: npt.ArrayLike) -> float:
    return f1_score(truth, np.ones_like(np.asarray(truth)))


_PRESENCE_MEASURES: Final = (
    NamedMeasure("f1", "F1", f1_score, 3),
    NamedMeasure("always_yes_f1", "F1 of always saying yes", _always_yes_f1, 3),
    NamedMeasure("prevalence", "prevalence", _prevalence, 3),
    NamedMeasure("sensitivity", "sensitivity", partial(_sensitivity, kind="picture that has it"), 3),
    NamedMeasure("specificity", "specificity", partial(_specificity, kind="picture without it"), 3),
    NamedMeasure("roc_area", "area under the ROC curve", roc_area, 3, of_probability=True),
    NamedMeasure("precision_recall_area", "area under the precision-recall curve", precision_recall_area, 3, True),
    NamedMeasure("brier", "Brier score", brier_score, 3, of_probability=True),
)
_SCORE_MEASURES: Final = (
    NamedMeasure("icc_2_1", "ICC(2,1), absolute agreement", partial(_icc, icc_2_1), 3),
    NamedMeasure("icc_3_1", "ICC(3,1), consistency", partial(_icc, icc_3_1), 3),
    NamedMeasure("pearson", "Pearson correlation", pearson_correlation, 3),
    NamedMeasure("spearman", "Spearman correlation", spearman_correlation, 3),
    NamedMeasure("concordance", "Lin's concordance", concordance_correlation, 3),
    NamedMeasure("root_mean_square_error", "root mean square error", root_mean_square_error),
    NamedMeasure("mean_absolute_error", "mean absolute error", mean_absolute_error),
    NamedMeasure("bias", "bias (system − readers)", bias),
    NamedMeasure("lower_limit", "lower limit of agreement", _lower_limit),
    NamedMeasure("upper_limit", "upper limit of agreement", _upper_limit),
    NamedMeasure("proportional_bias", "proportional bias (slope)", proportional_bias, 3),
    NamedMeasure("standard_error", "standard error of measurement", standard_error_of_measurement),
    NamedMeasure("smallest_detectable", "smallest detectable difference", smallest_detectable_change_of_status),
)
