"""Measures of labels and classes: beside examples worked elsewhere and brute force, and where they have no value."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.agreement.balanced_accuracy import balanced_accuracy
from scoring.agreement.f1_score import f1_score, label_f1, macro_f1, macro_f1_of_classes
from scoring.agreement.precision_recall_area import precision_recall_area
from scoring.agreement.roc_area import roc_area
from scoring.errors import AgreementError, UndefinedMeasureError

AREAS = (roc_area, precision_recall_area)


@pytest.fixture
def rated() -> tuple[np.ndarray, np.ndarray]:
    """Sixty labels and a score in tenths, so with many ties."""
    chance = np.random.default_rng(4)
    label = chance.random(60) < 0.3
    return label, np.round(chance.normal(label, 1), 1)


def test_values_that_scikit_learn_documents_come_out() -> None:
    """The examples on the pages of balanced_accuracy_score, f1_score, roc_auc_score and average_precision_score."""
    assert balanced_accuracy([0, 1, 0, 0, 1, 0], [0, 1, 0, 0, 0, 1]) == pytest.approx(0.625)
    assert macro_f1_of_classes([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1]) == pytest.approx(0.26, abs=0.007)
    assert roc_area([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]) == pytest.approx(0.75)
    assert precision_recall_area([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]) == pytest.approx(0.83, abs=0.005)


def test_roc_area_is_the_share_of_pairs_ranked_right(rated: tuple[np.ndarray, np.ndarray]) -> None:
    label, score = rated
    apart = score[label][:, None] - score[~label][None]
    assert roc_area(label, score) == pytest.approx(((apart > 0) + 0.5 * (apart == 0)).mean())
    assert roc_area(label, -score) == pytest.approx(1 - roc_area(label, score))


def test_precision_recall_area_is_the_sum_over_thresholds(rated: tuple[np.ndarray, np.ndarray]) -> None:
    label, score = rated
    area = recalled = 0.0
    for threshold in sorted(set(score), reverse=True):
        taken = score >= threshold
        recall, precision = (label & taken).sum() / label.sum(), (label & taken).sum() / taken.sum()
        area, recalled = area + (recall - recalled) * precision, recall
    assert precision_recall_area(label, score) == pytest.approx(area)


def test_areas_of_a_score_that_knows_nothing_are_a_half_and_the_prevalence() -> None:
    label = [1, 0, 0, 0]
    assert roc_area(label, [7] * 4) == 0.5
    assert precision_recall_area(label, [7] * 4) == 0.25
    assert [area(label, [9, 1, 2, 3]) for area in AREAS] == [1, 1]


@pytest.mark.parametrize("area", AREAS)
def test_one_class_has_no_area(area) -> None:
    for label in ([1, 1], [0, 0]):
        with pytest.raises(UndefinedMeasureError, match="needs both"):
            area(label, [0.1, 0.2])
    with pytest.raises(AgreementError, match="2 is not a whole grade from 0 to 1"):
        area([0, 2], [0.1, 0.2])


def test_always_yes_stands_beside_every_f1() -> None:
    """F1 0.643 is what always yes gives at a prevalence of 0.47."""
    label = np.arange(100) < 47
    always = label_f1(label, np.ones(100))
    assert always.f1 == pytest.approx(always.always_yes_f1)
    assert always.always_yes_f1 == pytest.approx(2 * 0.47 / 1.47)
    assert always.prevalence == 0.47
    assert label_f1(label, label).f1 == 1


def test_macro_f1_is_the_mean_of_the_labels() -> None:
    truth, said = np.array([[1, 1], [0, 1], [0, 0]]), np.array([[1, 0], [1, 1], [0, 0]])
    each = [f1_score(truth[:, n], said[:, n]) for n in range(2)]
    assert macro_f1(truth, said) == pytest.approx(np.mean(each))
    with pytest.raises(AgreementError, match="shapes"):
        macro_f1(truth, said[:, :1])


def test_a_class_that_is_only_said_costs_macro_f1() -> None:
    assert macro_f1_of_classes([0, 0], [0, 1]) == pytest.approx((2 / 3 + 0) / 2)


def test_a_label_that_is_nowhere_has_no_f1() -> None:
    with pytest.raises(UndefinedMeasureError, match="None of 2 labels is yes"):
        f1_score([0, 0], [0, 0])
    with pytest.raises(UndefinedMeasureError):
        label_f1([], [])
    with pytest.raises(UndefinedMeasureError):
        macro_f1([[1, 0]], [[1, 0]])
    assert f1_score([0, 0], [1, 0]) == 0


def test_balanced_accuracy_does_not_pay_for_always_saying_the_commonest_grade() -> None:
    assert balanced_accuracy([0] * 97 + [1, 2, 3], [0] * 100) == 0.25
    with pytest.raises(UndefinedMeasureError, match="All 2 true classes are 3"):
        balanced_accuracy([3, 3], [3, 2])
