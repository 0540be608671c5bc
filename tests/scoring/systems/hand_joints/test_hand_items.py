"""Items, totals and the choice of exposures: never a number for a site that was not seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scoring.anatomy.exposure_choice import HandOnFilm, one_hand_per_side, why_left_out
from scoring.anatomy.found_hand import FoundHand, FoundSite
from scoring.anatomy.remarks import side_notes
from scoring.catalogue import find_spec
from scoring.image import ScoringImage
from scoring.result import ScoreItem, ScoreTotal
from scoring.score_rules.sharp_van_der_heijde import ITEMS, SITES, SITES_OF, Side
from scoring.study import ImageReference
from scoring.systems.hand_joints.grading import CropGrades
from scoring.systems.hand_joints.hand_items import hand_items, side_not_imaged
from scoring.systems.hand_joints.totals import totals
from tests.scoring.systems.hand_joints.films import image_reference

SPEC = find_spec("hand_joints")


def _film(side: Side = "L", uid: str = "1.2.1", **changes: object) -> HandOnFilm:
    reference: ImageReference = replace(image_reference(uid), **changes)  # type: ignore[arg-type]
    pixels = np.zeros((900, 700), np.float32)
    sites = {key: FoundSite(100.0 + 20 * n, 200.0 + 25 * n, 0.9, "found") for n, key in enumerate(SITES)}
    hand = FoundHand(side, 0.98, False, (50.0, 60.0, 640.0, 860.0), np.eye(2, 3), 300.0, sites)
    return HandOnFilm(ScoringImage(reference, pixels, None, "unknown"), pixels, hand)


def _seen_as(film: HandOnFilm, site: str, status: str) -> HandOnFilm:
    sites = dict(film.hand.sites)
    sites[site] = replace(sites[site], status=status)  # type: ignore[arg-type]
    return replace(film, hand=replace(film.hand, sites=sites))


def _grades(value: int) -> CropGrades:
    def sure(grades: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        shares = np.zeros((len(SITES), grades))
        shares[:, value] = 1.0
        return shares

    return CropGrades(
        probabilities={"erosion": sure(6), "narrowing": sure(5)},
        expected={item: np.full(len(SITES), float(value)) for item in ITEMS},
        grade={item: np.full(len(SITES), value) for item in ITEMS},
    )


def _total(rows: tuple[ScoreTotal, ...], key: str) -> ScoreTotal:
    return next(row for row in rows if row.key == key)


def _items(right: HandOnFilm | None, left: HandOnFilm | None) -> list[ScoreItem]:
    items: list[ScoreItem] = []
    for side, film in (("R", right), ("L", left)):
        items += hand_items(SPEC, film, _grades(2), 0) if film else side_not_imaged(SPEC, side)  # type: ignore[arg-type]
    return items


def test_both_hands_seen_give_62_grades_and_a_total() -> None:
    items = _items(_film("R"), _film("L"))
    assert len({item.key for item in items}) == 62
    assert all(item.status == "scored" and item.grade == 2 and item.certainty == 1.0 for item in items)
    rows = totals(SPEC, items)
    assert [row.key for row in rows] == [total.key for total in SPEC.totals]
    assert (_total(rows, "svdh.all.both").value, _total(rows, "svdh.all.both").grade) == (124.0, 124)
    assert (_total(rows, "svdh.erosion.R").grade, _total(rows, "svdh.narrowing.L").grade) == (32, 30)
    assert all(row.reason is None for row in rows)


@pytest.mark.parametrize(("status", "reason"), [("outside", "outside_image"), ("uncertain", "uncertain")])
def test_a_site_that_was_not_seen_has_a_reason_and_no_number(status: str, reason: str) -> None:
    items = _items(_film("R"), _seen_as(_film("L"), "MCP3", status))
    missing = [item for item in items if item.status == "not_assessable"]
    assert {item.key for item in missing} == {"L.MCP3.erosion", "L.MCP3.narrowing"}
    for item in missing:
        assert (item.value, item.grade, item.probabilities, item.certainty) == (None, None, (), None)
        assert item.reason == SPEC.reasons[reason]
        assert item.region == (50.0, 60.0, 640.0, 860.0)
    rows = totals(SPEC, items)
    whole, left = _total(rows, "svdh.all.both"), _total(rows, "svdh.all.L")
    assert (whole.value, whole.grade, whole.assessed, whole.planned) == (None, None, 60, 62)
    assert whole.reason == SPEC.reasons["incomplete"]
    assert (left.grade, left.assessed, left.planned, left.reason) == (58, 29, 31, None)


def test_a_hand_that_was_not_filmed_is_said_so() -> None:
    items = _items(None, _film("L"))
    missing = [item for item in items if item.side == "R"]
    assert len(missing) == 31
    assert {item.status for item in missing} == {"not_imaged"}
    assert {(item.image, item.region, item.value) for item in missing} == {(None, None, None)}
    rows = totals(SPEC, items)
    assert _total(rows, "svdh.all.R").reason == SPEC.reasons["none_assessed"]
    assert _total(rows, "svdh.all.R").value is None
    assert _total(rows, "svdh.erosion.both").grade == 32


def test_items_are_those_of_the_score_in_its_order() -> None:
    items = hand_items(SPEC, _film("L"), _grades(1), 0)
    assert [(i.item, i.site) for i in items] == [(item, site) for item in ITEMS for site in SITES_OF[item]]


def test_of_repeat_exposures_the_latest_is_graded() -> None:
    early = _film("L", "1.2.9", acquired_at="20260101101500", instance_number=7)
    late = _film("L", "1.2.1", acquired_at="20260101101620", instance_number=2)
    other = _film("R", "1.2.5", acquired_at="20260101101000", instance_number=1)
    chosen = one_hand_per_side([late, early, other])
    assert chosen == {"R": other, "L": late}
    assert chosen == one_hand_per_side([early, other, late])
    assert "instance number 2" in why_left_out(early, chosen)


def test_without_times_the_instance_number_then_the_uid_decides() -> None:
    second, third = _film("L", "1.2.2", instance_number=3), _film("L", "1.2.3", instance_number=3)
    assert one_hand_per_side([second, third, _film("L", "1.2.9", instance_number=1)])["L"] is third


def test_a_side_in_doubt_is_told() -> None:
    film = _film("R")
    doubtful = replace(film, hand=replace(film.hand, side_conflict=True, side_probability=0.04))
    (note,) = side_notes([doubtful])
    assert "the header says right" in note
    assert "probability 0.96" in note
    (twice,) = side_notes([film, _film("R")])
    assert "two hands look like a right hand" in twice
