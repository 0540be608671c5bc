"""Stacking: weights that can be known beforehand."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.errors import TrainingError
from scoring.learning.stacking import Blend, fit_stack


def said_and_truth(*spreads: float, rows: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(1)
    truth = chance.gamma(1, 30, rows)
    return np.stack([truth + chance.normal(0, spread, rows) for spread in spreads], 1), truth


def test_the_surer_member_weighs_more_as_its_variance_says() -> None:
    said, truth = said_and_truth(3.0, 6.0)
    stack = fit_stack(("a", "b"), said, truth, "ridge", 0.0)
    assert stack.weights[0] / stack.weights[1] == pytest.approx(4, rel=0.15)
    error = np.abs(stack.combine(said) - truth).mean()
    assert error < np.abs(said - truth[:, None]).mean(0).min()


def test_a_heavy_penalty_gives_the_plain_mean() -> None:
    said, truth = said_and_truth(1.0, 20.0)
    stack = fit_stack(("a", "b"), said, truth, "ridge", 1e9)
    assert stack.weights == pytest.approx((0.5, 0.5), abs=1e-3)


def test_members_that_are_alike_share() -> None:
    said, truth = said_and_truth(5.0)
    stack = fit_stack(("a", "b"), np.repeat(said, 2, 1), truth, "ridge")
    assert stack.weights[0] == pytest.approx(stack.weights[1])


def test_no_member_counts_against_another() -> None:
    chance = np.random.default_rng(2)
    truth = chance.gamma(1, 30, 500)
    shared = chance.normal(0, 10, 500)
    said = np.stack([truth + shared, truth + 2 * shared], 1)  # the best sum would subtract the second
    assert min(fit_stack(("a", "b"), said, truth, "ridge", 0.0).weights) < 0
    assert min(fit_stack(("a", "b"), said, truth, "non_negative").weights) >= 0


@pytest.mark.parametrize("blend", ["ridge", "non_negative"])
def test_one_member_is_kept_as_it_is(blend: Blend) -> None:
    _, truth = said_and_truth(1.0)
    stack = fit_stack(("a",), truth[:, None], truth, blend)
    assert stack.combine(truth[:, None]) == pytest.approx(truth)


@pytest.mark.parametrize("said", [[[1.0], [float("nan")]], [[1.0]], [[1.0, 2.0], [1.0, 2.0]]])
def test_rows_that_do_not_fit_are_refused(said: list[list[float]]) -> None:
    with pytest.raises(TrainingError):
        fit_stack(("a",), said, [1.0, 2.0], "ridge")
