"""Intervals by drawing patients: they cover, they respect patients, and they count what has no value."""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np
import pytest

from scoring.agreement.bootstrap import estimate
from scoring.agreement.correlation import pearson_correlation
from scoring.agreement.error_size import bias
from scoring.agreement.f1_score import f1_score
from scoring.agreement.intraclass_correlation import icc_2_1
from scoring.agreement.roc_area import roc_area
from scoring.errors import AgreementError


def test_the_interval_of_a_mean_is_that_of_the_textbook() -> None:
    difference = np.random.default_rng(3).normal(2, 5, 400)
    found = estimate(bias, (np.zeros(400), difference), range(400), seed=1)
    half = 1.96 * difference.std() / math.sqrt(400)
    assert found.value == pytest.approx(difference.mean())
    assert (found.lower, found.upper) == pytest.approx((found.value - half, found.value + half), abs=0.1)


def test_ninety_of_a_hundred_intervals_hold_the_truth() -> None:
    chance = np.random.default_rng(11)
    held = 0
    for seed in range(100):
        of_patient = np.repeat(chance.normal(1, 1, 40), 3)
        found = estimate(
            bias, (np.zeros(120), of_patient + chance.normal(0, 1, 120)), np.repeat(np.arange(40), 3),
            seed=seed, resamples=300, level=0.9,
        )  # fmt: skip
        held += found.lower <= 1 <= found.upper
    assert 82 <= held <= 97


def test_films_of_one_patient_do_not_count_as_patients() -> None:
    """The same twenty patients, each row written ten times: no narrower, row by row it would be."""
    difference = np.random.default_rng(5).normal(0, 5, 20)
    once = estimate(bias, (np.zeros(20), difference), range(20), seed=2)
    rows, patients = np.repeat(difference, 10), np.repeat(np.arange(20), 10)
    grouped = estimate(bias, (np.zeros(200), rows), patients, seed=2)
    by_row = estimate(bias, (np.zeros(200), rows), range(200), seed=2)
    assert (grouped.lower, grouped.upper) == pytest.approx((once.lower, once.upper))
    assert by_row.upper - by_row.lower < 0.5 * (grouped.upper - grouped.lower)


def test_every_draw_holds_whole_patients_of_unequal_size() -> None:
    """Given patients of 1, 2 and 3 rows, out of order; then no draw splits one."""
    patients = np.array([3, 2, 3, 1, 2, 3])
    seen = []

    def counts(column: np.ndarray) -> float:
        seen.append([int((column == size).sum()) for size in (1, 2, 3)])
        return float(len(column))

    estimate(counts, (patients,), patients, seed=0, resamples=200)
    assert seen[0] == [1, 2, 3]
    assert all(of_two % 2 == 0 and of_three % 3 == 0 for _, of_two, of_three in seen)
    assert all(one + two // 2 + three // 3 == 3 for one, two, three in seen)


def test_the_same_seed_gives_the_same_and_another_seed_nearly_so() -> None:
    chance = np.random.default_rng(8)
    columns = chance.random((2, 50))
    first, again, other = (estimate(pearson_correlation, columns, range(50), seed=s) for s in (1, 1, 2))
    assert first == again
    assert first.lower != other.lower
    assert first.lower == pytest.approx(other.lower, abs=0.05)


def test_rows_with_an_unknown_value_are_dropped_and_counted() -> None:
    truth, said = [1, math.nan, 3, 4, 6], [1, 2, math.nan, 5, 6]
    found = estimate(bias, (truth, said), ["a", "b", "b", "c", "c"], seed=1, resamples=50)
    assert (found.rows, found.dropped, found.groups) == (3, 2, 2)
    assert found.value == pytest.approx(1 / 3)


def test_a_table_of_readers_is_a_column_too() -> None:
    ratings = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, math.nan]])
    found = estimate(icc_2_1, (ratings,), range(6), seed=1, resamples=200)
    assert found.dropped == 1
    assert found.value == pytest.approx(icc_2_1(ratings[:5]))
    assert found.lower < found.value < found.upper


def test_resamples_without_a_value_are_counted_and_too_many_leave_no_interval() -> None:
    """Of 60 patients 3 are yes: about one draw in 22 has none. Of 10 with 1 yes, about one in 3."""
    score = np.arange(60) % 7
    few = estimate(roc_area, (np.arange(60) < 3, score), range(60), seed=1)
    assert 0.02 < few.undefined_resamples / few.resamples < 0.08
    assert few.lower is not None
    many = estimate(roc_area, (np.arange(10) < 1, score[:10]), range(10), seed=1)
    assert many.value is not None
    assert many.lower is many.upper is None
    assert many.reason == f"In {many.undefined_resamples} of 2000 resamples the measure has no value."


def test_a_measure_without_a_value_says_why_in_the_estimate() -> None:
    found = estimate(f1_score, ([0, 0], [0, 0]), [1, 2], seed=1)
    assert found.value is found.lower is None
    assert "None of 2 labels is yes" in found.reason
    assert found.resamples == 0
    nothing = estimate(bias, ([math.nan], [1.0]), ["a"], seed=1)
    assert (nothing.value, nothing.rows, nothing.dropped) == (None, 0, 1)
    assert estimate(bias, ([], []), [], seed=1).reason == nothing.reason
    assert asdict(nothing)["reason"] == nothing.reason


def test_one_patient_has_a_value_and_no_interval() -> None:
    found = estimate(bias, ([1, 2, 3], [2, 3, 5]), ["a"] * 3, seed=1)
    assert found.value == pytest.approx(4 / 3)
    assert found.lower is None
    assert "one patient" in found.reason


def test_columns_that_are_not_one_table_are_refused() -> None:
    for columns, groups in ((([1, 2], [1]), [1, 2]), (([1, 2], [1, 2]), [1]), ((), [])):
        with pytest.raises(AgreementError, match="not rows of one table"):
            estimate(bias, columns, groups, seed=1)


@pytest.mark.parametrize("unknown", [None, math.nan])
def test_a_row_of_an_unknown_patient_is_refused(unknown: float | None) -> None:
    with pytest.raises(AgreementError, match="names no patient"):
        estimate(bias, ([1, 2], [1, 2]), ["a", unknown], seed=1)
