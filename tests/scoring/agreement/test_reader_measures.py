"""Measures between readers: beside the tables of the papers that defined them, and where they have no value."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scoring.agreement.fleiss_kappa import fleiss_kappa
from scoring.agreement.intraclass_correlation import icc_2_1, icc_2_k, icc_3_1, icc_3_k
from scoring.agreement.limits_of_agreement import limits_of_agreement
from scoring.agreement.measurement_error import (
    smallest_detectable_change,
    smallest_detectable_change_of_status,
    standard_error_of_measurement,
)
from scoring.errors import AgreementError, UndefinedMeasureError

SHROUT_FLEISS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])
"""Psychol Bull 1979;86:423, table 2: six targets, four judges."""
ALL_ICC = (icc_2_1, icc_3_1, icc_2_k, icc_3_k)

FLEISS = np.array(
    [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
)
"""The worked example of most textbooks: how many of 14 readers put each of 10 subjects into each of 5 classes."""


@pytest.mark.parametrize(("icc", "printed"), [*zip(ALL_ICC, (0.290, 0.715, 0.620, 0.909), strict=True)])
def test_intraclass_correlations_are_those_of_shrout_and_fleiss(icc, printed: float) -> None:
    assert icc(SHROUT_FLEISS) == pytest.approx(printed, abs=0.0005)


def test_a_biased_reader_costs_absolute_agreement_and_no_consistency() -> None:
    biased = SHROUT_FLEISS + np.array([0, 0, 0, 5])
    assert icc_2_1(biased) < icc_2_1(SHROUT_FLEISS)
    assert icc_3_1(biased) == pytest.approx(icc_3_1(SHROUT_FLEISS))
    assert icc_3_k(biased) == pytest.approx(icc_3_k(SHROUT_FLEISS))


@pytest.mark.parametrize("icc", ALL_ICC)
def test_readings_without_variance_have_no_intraclass_correlation(icc) -> None:
    with pytest.raises(UndefinedMeasureError, match="do not vary"):
        icc([[3, 3], [3, 3], [3, 3]])
    with pytest.raises(UndefinedMeasureError, match="2 or more readers, got 1"):
        icc([[1], [2]])
    with pytest.raises(UndefinedMeasureError, match="2 or more rows, got 1"):
        icc([[1, 2]])
    with pytest.raises(AgreementError, match="1 of 4 scores are unknown"):
        icc([[1, 2], [2, math.nan]])


def test_consistency_of_readers_who_never_vary_has_no_value_though_they_differ() -> None:
    assert icc_2_1([[1, 2], [1, 2]]) == 0
    with pytest.raises(UndefinedMeasureError):
        icc_3_1([[0.1, 0.3], [0.1, 0.3], [0.1, 0.3]])


def test_measurement_error_comes_back_from_simulated_double_reads() -> None:
    """Readings of known error SD 3: SEM is 3, and a change of two errors has SD 3 √2."""
    chance = np.random.default_rng(7)
    truth = chance.uniform(0, 100, (20_000, 1))
    first, second, later, later_again = (truth + chance.normal(0, 3, (20_000, 4))).T
    assert standard_error_of_measurement(first, second) == pytest.approx(3, rel=0.02)
    assert smallest_detectable_change_of_status(first, second) == pytest.approx(1.96 * math.sqrt(2) * 3, rel=0.02)
    change = smallest_detectable_change(later - first, later_again - second)
    assert change == pytest.approx(1.96 * 3 * math.sqrt(2), rel=0.02)


def test_detectable_change_is_the_half_width_of_the_limits_and_shrinks_with_readers() -> None:
    first, second = np.array([0, 4, 9, 20]), np.array([1, 6, 7, 25])
    limits = limits_of_agreement(first, second)
    alone = smallest_detectable_change_of_status(first, second)
    assert alone == pytest.approx(limits.upper - limits.bias)
    assert smallest_detectable_change_of_status(first, second, averaged=2) == pytest.approx(alone / math.sqrt(2))
    assert smallest_detectable_change(first, second) == pytest.approx(alone / math.sqrt(2))
    with pytest.raises(AgreementError, match="not of 0"):
        smallest_detectable_change(first, second, averaged=0)
    with pytest.raises(UndefinedMeasureError):
        standard_error_of_measurement([1], [1])


def test_kappa_of_many_readers_is_that_of_the_worked_example() -> None:
    ratings = [np.repeat(np.arange(5), counts) for counts in FLEISS]
    assert fleiss_kappa(ratings) == pytest.approx(0.210, abs=0.0005)


def test_kappa_of_many_readers_has_its_ends_and_no_value_for_one_class() -> None:
    assert fleiss_kappa([[0, 0, 0], [2, 2, 2]]) == 1
    assert fleiss_kappa([[0, 1], [1, 0]]) == -1
    with pytest.raises(UndefinedMeasureError, match="class 2"):
        fleiss_kappa([[2, 2], [2, 2]])
    with pytest.raises(UndefinedMeasureError, match="2 or more readers"):
        fleiss_kappa([[0], [1]])
    with pytest.raises(AgreementError):
        fleiss_kappa([[0, 1.5]])
