"""Measures of calibration: they find what was built in, and say where they have no value."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from scoring.agreement.brier_score import brier_score
from scoring.agreement.calibration_error import expected_calibration_error, reliability
from scoring.agreement.calibration_slope import probability_calibration, score_calibration
from scoring.errors import AgreementError, UndefinedMeasureError

ALL = (brier_score, expected_calibration_error, reliability, probability_calibration)


@pytest.fixture
def honest() -> tuple[np.ndarray, np.ndarray]:
    """Labels drawn with just the probability that is said."""
    chance = np.random.default_rng(5)
    probability = chance.uniform(0.02, 0.98, 20_000)
    return chance.random(20_000) < probability, probability


def test_honest_probabilities_are_found_calibrated(honest: tuple[np.ndarray, np.ndarray]) -> None:
    line = probability_calibration(*honest)
    assert line.slope == pytest.approx(1, abs=0.05)
    assert line.intercept == pytest.approx(0, abs=0.05)
    assert expected_calibration_error(*honest) < 0.015


def test_doubled_log_odds_halve_the_slope_and_nothing_else(honest: tuple[np.ndarray, np.ndarray]) -> None:
    label, probability = honest
    plain, bold = probability_calibration(*honest), probability_calibration(label, expit(2 * logit(probability)))
    assert bold.slope == pytest.approx(plain.slope / 2, rel=1e-4)
    assert bold.intercept == pytest.approx(plain.intercept, abs=1e-4)
    assert expected_calibration_error(label, expit(2 * logit(probability))) > 0.05


def test_the_line_solves_the_likelihood_equations(honest: tuple[np.ndarray, np.ndarray]) -> None:
    """At the maximum, what is left over is orthogonal to 1 and to the log odds."""
    label, odds = honest[0][:300], logit(honest[1][:300]) * 3 - 1
    line = probability_calibration(label, expit(odds))
    left_over = label - expit(line.intercept + line.slope * odds)
    assert [left_over.mean(), (left_over * odds).mean()] == pytest.approx([0, 0], abs=1e-7)


def test_certain_and_wrong_is_finite() -> None:
    line = probability_calibration([0, 1, 0, 1], [0, 1, 1, 0.5])
    assert np.isfinite([line.slope, line.intercept]).all()


def test_a_slope_that_nothing_bounds_is_refused() -> None:
    for label, probability, why in (
        ([0, 0, 1, 1], [0.1, 0.2, 0.7, 0.8], "without overlap"),
        ([1, 1, 0, 0], [0.1, 0.2, 0.7, 0.8], "without overlap"),
        ([0, 1, 0, 1], [0.5] * 4, "are equal"),
        ([1, 1], [0.4, 0.6], "needs both"),
    ):
        with pytest.raises(UndefinedMeasureError, match=why):
            probability_calibration(label, probability)


def test_scores_shrunk_to_their_mean_show_in_the_slope() -> None:
    truth = np.array([0.0, 10, 30, 80])
    line = score_calibration(truth, truth.mean() + (truth - truth.mean()) / 2)
    assert (line.slope, line.intercept) == pytest.approx((2, -truth.mean()))
    with pytest.raises(UndefinedMeasureError):
        score_calibration([1, 2], [5, 5])


def test_reliability_leaves_empty_bins_out_and_keeps_the_edges_in() -> None:
    curve = reliability([0, 1, 1, 1, 1], [0.0, 0.5, 0.55, 0.96, 1.0], bins=10)
    assert curve.count.tolist() == [1, 2, 2]
    assert curve.said == pytest.approx([0, 0.525, 0.98])
    assert curve.seen.tolist() == [0, 1, 1]


def test_always_saying_the_prevalence_scores_its_variance() -> None:
    label = np.arange(10) < 3
    assert brier_score(label, np.full(10, 0.3)) == pytest.approx(0.3 * 0.7)
    assert expected_calibration_error(label, np.full(10, 0.3)) == pytest.approx(0)


@pytest.mark.parametrize("measure", ALL)
def test_what_is_no_probability_is_refused(measure) -> None:
    with pytest.raises(AgreementError, match=r"1\.2 is no probability"):
        measure([0, 1], [0.5, 1.2])
    with pytest.raises(AgreementError, match="unknown"):
        measure([0, 1], [0.5, float("nan")])
    with pytest.raises(UndefinedMeasureError):
        measure([], [])
