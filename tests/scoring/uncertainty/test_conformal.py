"""Intervals hold at the rate they state, for new patients, whatever the model is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.errors import AgreementError
from scoring.uncertainty.conformal_quantile import conformal_quantile
from scoring.uncertainty.grade_sets import calibrate_grades, grade_set
from scoring.uncertainty.total_intervals import calibrate_total, covered_share

Rows = npt.NDArray[np.float64]


def patients_with_films(chance: np.random.Generator, number: int) -> tuple[Rows, Rows, list[str]]:
    """Predictions, truths and patients: 1 to 6 films each, errors that a patient's films share, larger at the top."""
    said, true, names = [], [], []
    for patient in range(number):
        own, films = chance.normal(0, 2), int(chance.integers(1, 7))
        for _ in range(films):
            score = chance.gamma(1.0, 20.0)
            true.append(score)
            said.append(score + (own + chance.normal(0, 2)) * (1 + score / 20))
            names.append(f"P{patient}")
    return np.array(said), np.array(true), names


@pytest.mark.parametrize("level", [0.8, 0.9])
def test_coverage_of_new_patients_is_what_is_stated(level: float) -> None:
    chance, shares = np.random.default_rng(3), []
    for _ in range(60):
        said, true, names = patients_with_films(chance, 120)
        intervals = calibrate_total(said, true, names, highest=1000, cuts=(10, 40), level=level)
        new_said, new_true, new_names = patients_with_films(chance, 80)
        counts = {name: new_names.count(name) for name in set(new_names)}
        inside = [intervals.interval(s) for s in new_said]
        held = [bool(i and i[0] <= t <= i[1]) for i, t in zip(inside, new_true, strict=True)]
        shares.append(sum(h / counts[n] for h, n in zip(held, new_names, strict=True)) / len(counts))
    assert level - 0.02 < np.mean(shares) < level + 0.06


def test_higher_bands_reach_further() -> None:
    said, true, names = patients_with_films(np.random.default_rng(4), 400)
    intervals = calibrate_total(said, true, names, highest=280, cuts=(20, 60))
    reaches = [band.reach for band in intervals.bands]
    assert len(reaches) == 3
    assert reaches == sorted(reaches)
    assert covered_share(intervals, said, true) > 0.85


def test_a_band_with_too_few_patients_joins_its_neighbour() -> None:
    said = np.array([*np.linspace(0, 9, 30), 50.0, 51.0])
    intervals = calibrate_total(said, said + 1, [str(n) for n in range(32)], highest=100, cuts=(20,))
    assert [band.lower for band in intervals.bands] == [0.0]
    said = np.array([1.0, *np.linspace(50, 59, 30)])
    intervals = calibrate_total(said, said + 1, [str(n) for n in range(31)], highest=100, cuts=(20,))
    assert [band.patients for band in intervals.bands] == [31]


def test_too_few_patients_give_no_interval() -> None:
    intervals = calibrate_total([1, 2, 3], [1, 2, 3], ["a", "b", "c"], highest=100)
    assert intervals.interval(2.0) is None


def test_an_interval_stays_on_the_scale() -> None:
    said = np.linspace(0, 140, 50)
    intervals = calibrate_total(said, np.clip(said + 9, 0, 140), [str(n) for n in range(50)], highest=140)
    assert intervals.interval(2.0) == (0.0, 11.0)
    assert intervals.interval(139.0) == (130.0, 140.0)


def test_one_patient_with_many_films_has_one_vote() -> None:
    values, names = [9.0] * 40 + [1.0] * 9, ["many"] * 40 + [f"P{n}" for n in range(9)]
    assert conformal_quantile(values, names, 0.8) == 1.0


@given(st.lists(st.floats(0, 100), min_size=1, max_size=60), st.floats(0.05, 0.99))
def test_with_one_film_a_patient_it_is_the_usual_rule(values: list[float], level: float) -> None:
    rank = int(np.ceil(level * (len(values) + 1) - 1e-9))
    wanted = sorted(values)[rank - 1] if rank <= len(values) else float("inf")
    assert conformal_quantile(values, [str(n) for n in range(len(values))], level) == wanted


def test_sets_of_grades_hold_the_truth_at_the_stated_rate_and_have_no_gaps() -> None:
    chance = np.random.default_rng(5)
    shares = []
    for _ in range(20):
        table = chance.dirichlet([0.4] * 6, 600)
        truth = np.array([chance.choice(6, p=row) for row in table])
        mass = calibrate_grades(table[:300], truth[:300], [str(n) for n in range(300)])
        sets = [grade_set(row, mass) for row in table[300:]]
        shares.append(np.mean([low <= true <= high for (low, high), true in zip(sets, truth[300:], strict=True)]))
    assert 0.88 < np.mean(shares) < 0.97


def test_a_set_grows_to_the_likelier_neighbour() -> None:
    assert grade_set([0.1, 0.5, 0.3, 0.1], 0.4) == (1, 1)
    assert grade_set([0.1, 0.5, 0.3, 0.1], 0.6) == (1, 2)
    assert grade_set([0.1, 0.5, 0.3, 0.1], float("inf")) == (0, 3)


@pytest.mark.parametrize(
    "call",
    [
        lambda: conformal_quantile([1.0], ["a"], 1.0),
        lambda: conformal_quantile([1.0, 2.0], ["a"], 0.9),
        lambda: conformal_quantile([float("nan")], ["a"], 0.9),
        lambda: calibrate_total([1.0], [1.0, 2.0], ["a"], highest=9),
        lambda: calibrate_grades([[0.5, 0.5]], [2], ["a"]),
    ],
)
def test_rows_that_do_not_fit_are_refused(call: object) -> None:
    with pytest.raises(AgreementError):
        call()  # type: ignore[operator]
