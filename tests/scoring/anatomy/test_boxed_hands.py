"""Reading the joint boxes: fingers are told apart on left and right hands, incomplete files are left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from scoring.anatomy.boxed_hands import held_out, read_boxed_hands
from scoring.anatomy.landmarks import INDEX
from tests.scoring.anatomy.small_finder import BOXES, write_boxes


@pytest.mark.parametrize("mirrored", [False, True])
def test_fingers_are_named_from_the_thumb(tmp_path: Path, mirrored: bool) -> None:
    write_boxes(tmp_path / "1.xml", BOXES, mirrored)
    (hand,) = read_boxed_hands(tmp_path)
    for name, (x, y) in {"MCP1": (190, 190), "IP1": (215, 160), "PIP2": (155, 100), "DIP5": (70, 90)}.items():
        assert hand.points[INDEX[name]] == pytest.approx((299 - x if mirrored else x, y), abs=1)


def test_a_film_with_a_missing_finger_is_left_out(tmp_path: Path) -> None:
    write_boxes(tmp_path / "1.xml", {**BOXES, "DIP": BOXES["DIP"][:3]})
    write_boxes(tmp_path / "2.xml", {})
    assert read_boxed_hands(tmp_path) == ()


def test_the_held_out_films_do_not_depend_on_order() -> None:
    names = [str(n) for n in range(240)]
    assert held_out(names) == held_out(reversed(names))
    assert len(held_out(names)) == 40
