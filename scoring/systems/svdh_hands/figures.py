"""What is measured of an ensemble: on the hands of the folds that a network had not seen, and on unseen phantoms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.agreement.correlation import pearson_correlation
from scoring.agreement.error_size import bias, mean_absolute_error, root_mean_square_error
from scoring.agreement.limits_of_agreement import limits_of_agreement
from scoring.agreement.weighted_kappa import quadratic_weighted_kappa
from scoring.learning.figure_values import measured, rounded
from scoring.learning.figures_file import Figures
from scoring.systems.svdh_hands.hand_book import HandBook
from scoring.systems.svdh_hands.hand_material import severity_class
from scoring.systems.svdh_hands.learning import Learnt
from scoring.systems.svdh_hands.training_recipe import TrainingRecipe
from scoring.systems.svdh_hands.unseen_hands import JudgedPatient

_Pair = Callable[[npt.ArrayLike, npt.ArrayLike], float]
_OF_TOTALS: Final[dict[str, _Pair]] = {
    "pearson_correlation": pearson_correlation,
    "root_mean_square_error": root_mean_square_error,
    "mean_absolute_error": mean_absolute_error,
    "bias": bias,
    "lower_limit_of_agreement": lambda truth, said: limits_of_agreement(truth, said).lower,
    "upper_limit_of_agreement": lambda truth, said: limits_of_agreement(truth, said).upper,
}


def fold_figures(recipe: TrainingRecipe, learnt: Learnt, book: HandBook) -> dict[str, Figures]:
    """Every network on the hands of the folds that it had not seen, and the stack: one table for each."""
    figures: dict[str, Figures] = {"folds": {"hands": len(book), "folds": recipe.folds}}
    for number, member in enumerate(recipe.members):
        about: Figures = {
            "name": member.name,
            "backbone": member.backbone,
            "start": member.start,
            "scheme": member.scheme,
            "in_ensemble": member.in_ensemble,
        }
        figures[f"folds.network_{number + 1}"] = about | total_figures(book.totals, learnt.out_of_fold[member.name])
    said = np.stack([learnt.out_of_fold[name] for name in learnt.stack.members], 1)
    weights = {"blend": learnt.stack.blend, "weights": [round(w, 4) for w in learnt.stack.weights]}
    return figures | {"folds.stack": weights | total_figures(book.totals, learnt.stack.combine(said))}


def phantom_figures(
    judged: Sequence[JudgedPatient], films: int, cut_offs: tuple[int, ...], measured_on: str
) -> dict[str, Figures]:
    """Sums of hands, totals of both hands, and severity classes of unseen phantom patients."""
    hands = np.array([total for one in judged for total in one.patient.totals])
    said = np.concatenate([one.opinions.totals for one in judged])
    both, both_said = (np.add.reduceat(part, np.arange(0, len(part), 2)) for part in (hands, said))
    classes = [severity_class(total, cut_offs) for total in both]
    severities = [one.opinions.severity() for one in judged]
    grades = [one.grade for one in severities]
    return {
        "phantoms": {"measured_on": measured_on, "films": films, "patients": len(judged)},
        "phantoms.hand": {"hands": len(hands)} | total_figures(hands, said),
        "phantoms.both": total_figures(both, both_said),
        "phantoms.severity": {
            "accuracy": rounded(np.mean(np.equal(classes, grades))),
            "within_one_class": rounded(np.mean(np.abs(np.subtract(classes, grades)) <= 1)),
            "mean_absolute_error": measured(mean_absolute_error, classes, grades),
            "pearson_correlation": measured(pearson_correlation, classes, [one.expected for one in severities]),
            "quadratic_weighted_kappa": rounded(quadratic_weighted_kappa(classes, grades, len(cut_offs))),
        },
    }


def total_figures(truth: npt.ArrayLike, said: npt.ArrayLike) -> Figures:
    """How far sums agree; NaN for what has no value."""
    return {name: measured(measure, truth, said) for name, measure in _OF_TOTALS.items()}
