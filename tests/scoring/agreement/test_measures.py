"""The measures of agreement: their examples hold, and they agree with an independent computation."""

from __future__ import annotations

import doctest
import importlib

import numpy as np
import pytest
from scipy.stats import pearsonr

from scoring.agreement.correlation import pearson_correlation
from scoring.agreement.limits_of_agreement import limits_of_agreement
from scoring.agreement.weighted_kappa import quadratic_weighted_kappa

MEASURES = ("weighted_kappa", "classification", "error_size", "correlation", "limits_of_agreement")


@pytest.mark.parametrize("name", MEASURES)
def test_examples_hold(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"scoring.agreement.{name}"))
    assert result.attempted > 0
    assert result.failed == 0


def test_kappa_is_one_zero_and_minus_one_where_it_must_be() -> None:
    assert quadratic_weighted_kappa([0, 1, 2, 3], [0, 1, 2, 3], 3) == 1.0
    assert quadratic_weighted_kappa([0, 0, 3, 3], [0, 3, 0, 3], 3) == 0.0
    assert quadratic_weighted_kappa([0, 3], [3, 0], 3) == -1.0
    assert np.isnan(quadratic_weighted_kappa([1, 1], [1, 1], 3))


def test_correlation_is_that_of_scipy() -> None:
    chance = np.random.default_rng(1)
    first = chance.normal(size=50)
    second = first + chance.normal(size=50)
    assert pearson_correlation(first, second) == pytest.approx(pearsonr(first, second)[0])


def test_limits_lie_around_the_bias() -> None:
    limits = limits_of_agreement([0.0, 10.0, 20.0], [3.0, 12.0, 22.0])
    assert limits.bias == pytest.approx(7 / 3)
    assert limits.upper - limits.bias == pytest.approx(limits.bias - limits.lower)
