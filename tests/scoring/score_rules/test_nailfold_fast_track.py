"""The three rules of fast track, and what is said where something was not measured."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.score_rules.nailfold_fast_track import (
    FAST_TRACK_RULES,
    GIANT,
    LATE,
    NON_SPECIFIC,
    NORMAL,
    FastTrackRule,
    fast_track,
    fast_track_of_visit,
)

densities = st.floats(0, 20)
answers = st.booleans()
unsure = st.none() | answers
rules = st.none() | st.sampled_from(FAST_TRACK_RULES)


@pytest.mark.parametrize(
    ("density", "giant", "abnormal", "rule"),
    [
        (9.0, False, False, NORMAL),
        (7.0, False, True, NORMAL),
        (6.9, False, True, NON_SPECIFIC),
        (9.0, True, False, GIANT),
        (2.0, True, True, GIANT),
        (3.0, False, True, LATE),
        (3.0, False, False, NON_SPECIFIC),
        (3.1, False, True, NON_SPECIFIC),
    ],
)
def test_each_rule_fires_where_the_paper_draws_its_limits(
    density: float, giant: bool, abnormal: bool, rule: FastTrackRule
) -> None:
    assert fast_track(density, giant, abnormal) == rule


@settings(deadline=None)
@given(densities, answers, answers)
def test_whatever_was_measured_exactly_one_rule_fires(density: float, giant: bool, abnormal: bool) -> None:
    fired = fast_track(density, giant, abnormal)
    late = density <= 3 and abnormal
    assert fired is not None
    assert (fired.category == 2) == (giant or late)
    assert (fired == NORMAL) == (density >= 7 and not giant)


@settings(deadline=None)
@given(st.none() | densities, unsure, unsure)
def test_a_rule_fires_on_gaps_only_if_it_fires_however_they_are_filled(
    density: float | None, giant: bool | None, abnormal: bool | None
) -> None:
    ways = product(
        (0.0, 3.0, 3.5, 6.9, 7.0, 12.0) if density is None else (density,),
        (False, True) if giant is None else (giant,),
        (False, True) if abnormal is None else (abnormal,),
    )
    filled = {fast_track(*way) for way in ways}
    fired = fast_track(density, giant, abnormal)
    assert filled == {fired} if fired else len(filled) > 1


@settings(deadline=None)
@given(densities, densities, answers, answers)
def test_fewer_capillaries_never_speak_against_scleroderma(
    one: float, other: float, giant: bool, abnormal: bool
) -> None:
    fewer, more = (fast_track(density, giant, abnormal) for density in sorted((one, other)))
    assert fewer is not None and more is not None
    assert fewer.category >= more.category


def test_without_any_measurement_no_rule_fires() -> None:
    assert fast_track(None, None, True) is None


@settings(deadline=None)
@given(st.lists(rules, max_size=20))
def test_a_visit_has_the_pattern_if_one_of_its_pictures_has(pictures: list[FastTrackRule | None]) -> None:
    fired = [rule for rule in pictures if rule is not None]
    of_visit = fast_track_of_visit(pictures)
    assert (of_visit is None) == (not fired)
    if of_visit is not None:
        assert of_visit in fired
        assert of_visit.category == max(rule.category for rule in fired)
        assert of_visit != NORMAL or set(fired) == {NORMAL}


@settings(deadline=None)
@given(st.lists(rules, max_size=8), st.randoms())
def test_the_order_of_pictures_does_not_matter(pictures: list[FastTrackRule | None], random: object) -> None:
    shuffled = pictures.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fast_track_of_visit(shuffled) == fast_track_of_visit(pictures)
