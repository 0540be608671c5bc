"""Thresholds are chosen for F1, above a floor of sensitivity where one is asked for, and never outside 0..1."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.score_rules.nailfold_labels import NAILFOLD_LABELS
from scoring.systems.nailfold.thresholds import UNDECIDED, choose_thresholds, decided

TRUTH = [0, 0, 0, 1, 0, 1, 1, 1]
SAID = [0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 0.9]


def table(column: list[float]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.repeat(np.array(column, np.float32)[:, None], len(NAILFOLD_LABELS), 1)


def test_it_is_the_one_of_the_best_f1() -> None:
    """Between 0.2 and 0.3: all four present are found and one is found that is not there, F1 8/9."""
    chosen = choose_thresholds(table(TRUTH), table(SAID))
    assert list(chosen.values()) == pytest.approx([0.25] * len(NAILFOLD_LABELS), abs=1e-4)
    assert decided(table(SAID), chosen)[:, 0].tolist() == [False] * 3 + [True] * 5


def test_of_those_that_are_as_good_it_is_the_one_nearest_to_a_half() -> None:
    """The best F1 alone would follow one faint picture of a thousand, and call everything present from 0.015 on."""
    truth = [0.0] * 500 + [1.0] * 500
    said = [0.01] * 500 + [0.02] + [0.9] * 499
    assert set(choose_thresholds(table(truth), table(said)).values()) == {0.46}
    worse = [0.01] * 500 + [0.02] * 10 + [0.9] * 490
    assert set(choose_thresholds(table(truth), table(worse)).values()) == {0.015}


def test_a_floor_of_sensitivity_lowers_it() -> None:
    rare = [0, 1, 0, 0, 0, 1, 1, 1]
    without, with_floor = (choose_thresholds(table(rare), table(SAID), floor)["giant"] for floor in (0.0, 1.0))
    assert with_floor < 0.1 < 0.4 < without


def test_what_could_not_be_judged_does_not_count() -> None:
    unknown = [*TRUTH, float("nan")]
    assert choose_thresholds(table(unknown), table([*SAID, 0.99])) == choose_thresholds(table(TRUTH), table(SAID))


@pytest.mark.parametrize("truth", [[0.0] * 8, [float("nan")] * 8])
def test_without_a_picture_that_has_the_label_none_is_better(truth: list[float]) -> None:
    assert set(choose_thresholds(table(truth), table(SAID)).values()) == {UNDECIDED}


def test_certain_answers_leave_it_a_probability() -> None:
    chosen = choose_thresholds(table([1.0] * 8), table([0.0] * 8))
    assert all(0 < threshold < 1 for threshold in chosen.values())
