"""Measures of scores: beside an independent computation, at their extremes, and where they have no value."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from scoring.agreement.concordance import concordance_correlation
from scoring.agreement.correlation import pearson_correlation
from scoring.agreement.error_size import bias, mean_absolute_error, root_mean_square_error
from scoring.agreement.limits_of_agreement import limits_of_agreement, proportional_bias
from scoring.agreement.range_weighted_error import range_weighted_root_mean_square_error
from scoring.agreement.rank_correlation import spearman_correlation
from scoring.errors import AgreementError, UndefinedMeasureError

Measure = Callable[[object, object], float]
CORRELATIONS: tuple[Measure, ...] = (pearson_correlation, spearman_correlation, concordance_correlation)
ERRORS: tuple[Measure, ...] = (mean_absolute_error, root_mean_square_error, bias)


@pytest.fixture
def two_readers() -> tuple[np.ndarray, np.ndarray]:
    """Whole scores with ties, the second reader with a bias."""
    chance = np.random.default_rng(1)
    first = chance.integers(0, 40, 50).astype(float)
    return first, first + chance.integers(-3, 9, 50)


def test_correlations_are_those_of_scipy(two_readers: tuple[np.ndarray, np.ndarray]) -> None:
    assert pearson_correlation(*two_readers) == pytest.approx(pearsonr(*two_readers)[0])
    assert spearman_correlation(*two_readers) == pytest.approx(spearmanr(*two_readers)[0])


def test_concordance_is_correlation_times_what_bias_and_scale_leave_of_it(
    two_readers: tuple[np.ndarray, np.ndarray],
) -> None:
    """Lin 1989: rho_c = rho * 2 / (v + 1/v + u²), v the ratio of standard deviations, u the shift over their root."""
    first, second = two_readers
    scale = first.std() / second.std()
    shift = (first.mean() - second.mean()) / np.sqrt(first.std() * second.std())
    expected = pearsonr(first, second)[0] * 2 / (scale + 1 / scale + shift**2)
    assert concordance_correlation(first, second) == pytest.approx(expected)
    assert concordance_correlation(first, second) < pearson_correlation(first, second)


def test_error_sizes_of_a_constant_shift_are_the_shift() -> None:
    assert [measure([1, 5, 9], [-1, 3, 7]) for measure in ERRORS] == [2, 2, -2]


def test_limits_lie_around_the_bias() -> None:
    limits = limits_of_agreement([0.0, 10.0, 20.0], [3.0, 12.0, 22.0])
    assert limits.bias == pytest.approx(7 / 3)
    assert limits.upper - limits.bias == pytest.approx(1.96 * np.sqrt(1 / 3))
    assert limits.upper - limits.bias == pytest.approx(limits.bias - limits.lower)


def test_the_slope_of_bias_is_that_of_a_straight_line(two_readers: tuple[np.ndarray, np.ndarray]) -> None:
    first, second = two_readers
    slope = np.polynomial.polynomial.polyfit((first + second) / 2, second - first, 1)[1]
    assert proportional_bias(first, second) == pytest.approx(slope)


def test_a_rare_range_weighs_as_much_as_a_common_one() -> None:
    truth, said = [0] * 99 + [100], [0] * 99 + [110]
    assert root_mean_square_error(truth, said) == pytest.approx(1)
    assert range_weighted_root_mean_square_error(truth, said, [(0, 50), (51, 280)]) == pytest.approx(np.sqrt(50))
    assert range_weighted_root_mean_square_error(truth, said, [(0, 280)]) == pytest.approx(1)


def test_a_range_must_hold_scores_and_a_score_must_lie_in_one_range() -> None:
    with pytest.raises(UndefinedMeasureError, match=r"\(51, 280\)"):
        range_weighted_root_mean_square_error([0, 1], [0, 1], [(0, 50), (51, 280)])
    for ranges in ([(0, 50)], [(0, 60), (60, 280)]):
        with pytest.raises(AgreementError, match="60 lies in none or two"):
            range_weighted_root_mean_square_error([0, 60], [0, 60], ranges)


@pytest.mark.parametrize("measure", CORRELATIONS)
def test_scores_that_never_vary_have_no_correlation(measure: Measure) -> None:
    with pytest.raises(UndefinedMeasureError):
        measure([4, 4, 4], [4, 4, 4])
    with pytest.raises(UndefinedMeasureError, match="needs 2 or more rows, got 1"):
        measure([4], [5])


@pytest.mark.parametrize("measure", [*CORRELATIONS, *ERRORS, limits_of_agreement, proportional_bias])
def test_what_is_unknown_missing_or_of_another_length_is_refused(measure: Measure) -> None:
    with pytest.raises(AgreementError, match="1 of 3 scores are unknown"):
        measure([1, 2, 3], [1, 2, float("nan")])
    with pytest.raises(AgreementError, match="3 and 2 scores"):
        measure([1, 2, 3], [1, 2])
    with pytest.raises(AgreementError, match="2 axes"):
        measure([[1, 2, 3]], [[1, 2, 3]])
    with pytest.raises(UndefinedMeasureError):
        measure([], [])
