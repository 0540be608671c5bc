"""The arithmetic that auditors check first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scoring.score_rules.sharp_van_der_heijde import (
    EROSION_SITES,
    HIGHEST_GRADE,
    ITEMS,
    NARROWING_SITES,
    SIDES,
    SITES,
    SITES_OF,
    Grade,
    highest_sum,
    planned_sites,
    subtotal,
    subtotals,
)

FULL = [(side, site, item) for side in SIDES for item in ITEMS for site in SITES_OF[item]]


def grades(draw: st.DrawFn) -> list[Grade]:
    places = draw(st.lists(st.sampled_from(FULL), unique=True))
    return [
        Grade(side, site, item, draw(st.floats(0, HIGHEST_GRADE[item])), draw(st.integers(0, HIGHEST_GRADE[item])))
        for side, site, item in places
    ]


readings = st.composite(grades)()


def test_the_grid_is_the_published_one() -> None:
    assert (len(EROSION_SITES), len(NARROWING_SITES), len(SITES)) == (16, 15, 22)
    assert (highest_sum(item="erosion"), highest_sum(item="narrowing"), highest_sum()) == (160, 120, 280)
    assert (planned_sites(), planned_sites("R"), planned_sites("L", "erosion")) == (62, 31, 16)


def test_worst_hands_reach_the_top_of_the_scale() -> None:
    worst = [Grade(side, site, item, HIGHEST_GRADE[item], HIGHEST_GRADE[item]) for side, site, item in FULL]
    total = subtotals(worst)[-1]
    assert (total.key, total.grade, total.expected, total.complete) == ("svdh.all.both", 280, 280.0, True)


@given(readings)
def test_sums_are_of_assessed_sites_only_and_add_up(reading: list[Grade]) -> None:
    rows = {row.key: row for row in subtotals(reading)}
    total = rows["svdh.all.both"]
    assert total.assessed == len(reading) <= total.planned == 62
    assert total.grade == sum(g.grade for g in reading)
    for item in ITEMS:
        assert rows[f"svdh.{item}.both"].grade == sum(rows[f"svdh.{item}.{side}"].grade for side in SIDES)
    for side in SIDES:
        assert rows[f"svdh.all.{side}"].assessed == sum(rows[f"svdh.{item}.{side}"].assessed for item in ITEMS)


@given(readings)
def test_nothing_is_rounded_before_summing(reading: list[Grade]) -> None:
    total = subtotal(reading)
    assert abs(total.expected - sum(g.expected for g in reading)) < 1e-5


def test_one_missing_site_makes_a_total_incomplete() -> None:
    all_but_one = [Grade(side, site, item, 0.0, 0) for side, site, item in FULL[:-1]]
    assert not subtotal(all_but_one).complete
    assert subtotal(all_but_one, "R").complete
