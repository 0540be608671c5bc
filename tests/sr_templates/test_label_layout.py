"""Labels find room: inside the picture, off each other, off the boxes where that can be."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from sr_templates.label_layout import crowds, overlap, place_labels
from tests.sr_templates.results_for_tests import SITE_PLACES, site_box

CANVAS = (0.0, 0.0, 1000.0, 1300.0)


def hand_boxes() -> list[tuple[float, float, float, float]]:
    return [site_box(site, "L", (0.0, 0.0, 1000.0, 1200.0)) for site in SITE_PLACES]


def test_the_wrist_is_one_crowd_and_the_fingers_are_none() -> None:
    sites = list(SITE_PLACES)
    (crowd,) = crowds(hand_boxes(), 27.0)
    assert {sites[n] for n in crowd} == {s for s in SITE_PLACES if s[:3] not in ("PIP", "MCP", "IP1")}


def test_no_label_of_a_hand_covers_another_or_leaves_the_picture() -> None:
    boxes = hand_boxes()
    placed = place_labels(boxes, [(95.0, 27.0)] * len(boxes), crowds(boxes, 27.0), CANVAS, gap=5)
    for one, other in itertools.combinations(placed, 2):
        assert overlap(one.box, other.box) == 0
    for label in placed:
        x0, y0, x1, y1 = label.box
        assert x0 >= 0 and y0 >= 0 and x1 <= 1000 and y1 <= 1300
        assert sum(overlap(label.box, box) for box in boxes) == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 960), st.floats(0, 1260)), max_size=30))
def test_any_boxes_get_a_label_inside_the_picture(corners: list[tuple[float, float]]) -> None:
    boxes = [(x, y, x + 40, y + 40) for x, y in corners]
    placed = place_labels(boxes, [(90.0, 20.0)] * len(boxes), crowds(boxes, 20.0), CANVAS, gap=4)
    assert len(placed) == len(boxes)
    for label in placed:
        assert overlap(label.box, CANVAS) > 0.99 * 90 * 20
