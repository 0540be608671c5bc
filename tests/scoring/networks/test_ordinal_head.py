"""The ordinal head: no weights and no input can make it contradict itself."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from scoring.networks.ordinal_head import (
    expected_grade,
    grade_probabilities,
    most_plausible_grade,
    ordered_logits,
    ordinal_loss,
)

free_numbers = st.lists(st.floats(-30, 30, width=32), min_size=2, max_size=6).map(torch.tensor)


@given(free_numbers)
def test_probability_of_more_never_rises(raw: Tensor) -> None:
    above = ordered_logits(raw).sigmoid()
    assert (above.diff() <= 0).all()


@given(free_numbers)
def test_probabilities_are_a_distribution_with_the_expected_grade_as_mean(raw: Tensor) -> None:
    logits = ordered_logits(raw.double())
    shares = grade_probabilities(logits)
    assert (shares >= 0).all()
    assert abs(float(shares.sum()) - 1) < 1e-9
    mean = (shares * torch.arange(len(shares))).sum()
    assert abs(float(mean - expected_grade(logits))) < 1e-9


@given(free_numbers)
def test_whole_grade_is_the_median_of_the_distribution(raw: Tensor) -> None:
    logits = ordered_logits(raw.double())
    below = grade_probabilities(logits).cumsum(0)
    grade = int(most_plausible_grade(logits))
    assert float(below[grade]) >= 0.5 - 1e-9
    assert grade == 0 or float(below[grade - 1]) <= 0.5 + 1e-9


def test_loss_is_least_at_the_truth_and_leaves_out_what_nobody_graded() -> None:
    sure_of_two = torch.tensor([[9.0, 9.0, -9.0]])
    losses = [float(ordinal_loss(sure_of_two, torch.tensor([grade]))) for grade in (0.0, 1.0, 2.0, 3.0)]
    assert min(losses) == losses[2] < 0.01
    assert losses[0] > losses[1] > losses[2]
    both = torch.cat([sure_of_two, -sure_of_two])
    assert float(ordinal_loss(both, torch.tensor([2.0, -1.0]))) == losses[2]


def test_a_mean_of_readers_between_two_grades_asks_for_an_even_chance() -> None:
    def loss(logit: float) -> float:
        return float(ordinal_loss(torch.tensor([[9.0, logit, -9.0]]), torch.tensor([1.5])))

    assert loss(0.0) < loss(2.0)
    assert loss(0.0) < loss(-2.0)
