"""Measures of whole grades: beside hand computation and published examples, and where they have no value."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.agreement.classification import share_within
from scoring.agreement.weighted_kappa import linear_weighted_kappa, quadratic_weighted_kappa
from scoring.errors import AgreementError, UndefinedMeasureError


@pytest.mark.parametrize("kappa", [quadratic_weighted_kappa, linear_weighted_kappa])
def test_kappa_is_one_zero_and_minus_one_where_it_must_be(kappa) -> None:
    assert kappa([0, 1, 2, 3], [0, 1, 2, 3], 3) == 1.0
    assert kappa([0, 0, 3, 3], [0, 3, 0, 3], 3) == 0.0
    assert kappa([0, 3], [3, 0], 3) == -1.0


def test_quadratic_kappa_is_a_correlation_and_weights_matter_from_three_grades_on() -> None:
    """With equal margins the quadratic kappa is the correlation of the grades (Cohen 1968); two grades, one weight."""
    chance = np.random.default_rng(2)
    first = chance.permutation(np.repeat(np.arange(5), 20))
    second = np.where(chance.random(100) < 0.7, first, chance.permutation(first))
    second = np.sort(first)[np.argsort(np.argsort(second, kind="stable"), kind="stable")]
    assert quadratic_weighted_kappa(first, second, 4) == pytest.approx(np.corrcoef(first, second)[0, 1])
    assert linear_weighted_kappa([0, 1], [1, 1], 1) == quadratic_weighted_kappa([0, 1], [1, 1], 1)


@pytest.mark.parametrize("kappa", [quadratic_weighted_kappa, linear_weighted_kappa])
def test_a_grade_that_is_not_on_the_scale_is_refused(kappa) -> None:
    for wrong in (-1, 4, 1.5):
        with pytest.raises(AgreementError, match=rf"Row 1: {wrong} is not a whole grade from 0 to 3"):
            kappa([0, 1], [0, wrong], 3)


@pytest.mark.parametrize("kappa", [quadratic_weighted_kappa, linear_weighted_kappa])
def test_one_grade_throughout_has_no_kappa(kappa) -> None:
    with pytest.raises(UndefinedMeasureError, match="grade 1 throughout"):
        kappa([1, 1], [1, 1], 3)


def test_within_one_counts_neighbours() -> None:
    assert share_within([0, 1, 2, 3], [1, 0, 2, 0], steps=1) == 0.75
    with pytest.raises(UndefinedMeasureError):
        share_within([], [])
