"""What is measured of a label network: each label beside its prevalence, by fold and by skin tone."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan
from typing import Final

import numpy as np

from scoring.agreement.f1_score import label_f1
from scoring.agreement.precision_recall_area import precision_recall_area
from scoring.agreement.roc_area import roc_area
from scoring.learning.figure_values import measured, rounded
from scoring.learning.figures_file import Figures
from scoring.score_rules.nailfold_labels import NAILFOLD_LABELS, NailfoldLabel
from scoring.systems.nailfold.learning import Folds
from scoring.systems.nailfold.picture_book import PictureBook, Truth, present
from scoring.systems.nailfold.thresholds import Probabilities, choose_thresholds, decided

MEAN: Final = "mean_f1"


def label_figures(truth: Truth, said: Probabilities, thresholds: Mapping[NailfoldLabel, float]) -> dict[str, Figures]:
    """By label: F1 beside what always saying yes would reach, sensitivity, specificity, areas, at locked thresholds.

    Both (n, 5); only what could be judged counts. NaN where a measure has no value.
    """
    wanted, yes = present(truth), decided(said, thresholds)
    figures: dict[str, Figures] = {}
    for column, label in enumerate(NAILFOLD_LABELS):
        judged = np.isfinite(wanted[:, column])
        true, found, share = wanted[judged, column] > 0, yes[judged, column], said[judged, column]
        figures[label] = {
            "pictures": int(judged.sum()),
            "threshold": thresholds[label],
            "f1": measured(lambda *pair: label_f1(*pair).f1, true, found),
            "prevalence": measured(lambda *pair: label_f1(*pair).prevalence, true, found),
            "always_yes_f1": measured(lambda *pair: label_f1(*pair).always_yes_f1, true, found),
            "sensitivity": _share(found[true]),
            "specificity": _share(~found[~true]),
            "roc_area": measured(roc_area, true, share),
            "precision_recall_area": measured(precision_recall_area, true, share),
        }
    return figures


def measured_figures(
    name: str, measured_on: str, book: PictureBook, said: Probabilities, thresholds: Mapping[NailfoldLabel, float]
) -> dict[str, Figures]:
    """Tables ``NAME`` with the mean F1, ``NAME.LABEL``, and ``NAME.tones.TONE`` with each F1 by skin tone."""
    labels = label_figures(book.truth, said, thresholds)
    head: Figures = {"measured_on": measured_on, "pictures": len(book), "patients": len(set(book.patients))}
    figures = {name: head | {MEAN: _mean(labels)}} | {f"{name}.{label}": found for label, found in labels.items()}
    for tone in sorted(set(book.tones) - {""}):
        chosen = np.array([one == tone for one in book.tones])
        found = label_figures(book.truth[chosen], said[chosen], thresholds)
        figures[f"{name}.tones.{tone}"] = _by_label(int(chosen.sum()), found)
    return figures


def fold_figures(book: PictureBook, folds: Folds, said: Probabilities, floor: float) -> dict[str, Figures]:
    """Tables ``folds.fold_N``: F1 by label, at thresholds chosen on the other folds, so that none flatters itself."""
    figures: dict[str, Figures] = {}
    for name, held in folds.items():
        thresholds = choose_thresholds(book.truth[~held], said[~held], floor)
        found = label_figures(book.truth[held], said[held], thresholds)
        figures[f"folds.{name.replace(' ', '_')}"] = _by_label(int(held.sum()), found)
    return figures


def _by_label(pictures: int, labels: Mapping[str, Figures]) -> Figures:
    found: Figures = {"pictures": pictures} | {label: one["f1"] for label, one in labels.items()}
    return found | {MEAN: _mean(labels)} | {f"{label}_prevalence": one["prevalence"] for label, one in labels.items()}


def _mean(labels: Mapping[str, Figures]) -> float:
    """NaN where a label has no F1: a mean of the others would be of another question."""
    return rounded(np.mean([one["f1"] for one in labels.values()]))


def _share(right: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
    return rounded(right.mean()) if right.size else nan
