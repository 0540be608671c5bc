"""Reading the joint boxes: fingers are told apart on left and right hands, incomplete files are left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from scoring.anatomy.boxed_hands import held_out, read_boxed_hands
from scoring.anatomy.landmarks import INDEX

LEFT = {
    "DIP": [(70, 90), (100, 60), (130, 50), (160, 65)],
    "PIP": [(80, 120), (105, 95), (130, 85), (155, 100), (215, 160)],
    "MCP": [(90, 160), (110, 150), (130, 145), (150, 150), (190, 190)],
    "Radius": [(140, 260)],
    "Ulna": [(110, 265)],
    "Wrist": [(130, 230)],
}


def write(path: Path, boxes: dict[str, list[tuple[int, int]]], mirrored: bool = False) -> None:
    objects = "".join(
        f"<object><name>{kind}</name><bndbox><xmin>{x - 4}</xmin><ymin>{y - 4}</ymin><xmax>{x + 5}</xmax>"
        f"<ymax>{y + 5}</ymax></bndbox></object>"
        for kind, places in boxes.items()
        for x, y in ((299 - x if mirrored else x, y) for x, y in places)
    )
    size = "<size><width>300</width><height>300</height></size>"
    path.write_text(f"<annotation>{size}{objects}</annotation>", encoding="utf-8")


@pytest.mark.parametrize("mirrored", [False, True])
def test_fingers_are_named_from_the_thumb(tmp_path: Path, mirrored: bool) -> None:
    write(tmp_path / "1.xml", LEFT, mirrored)
    (hand,) = read_boxed_hands(tmp_path)
    for name, (x, y) in {"MCP1": (190, 190), "IP1": (215, 160), "PIP2": (155, 100), "DIP5": (70, 90)}.items():
        assert hand.points[INDEX[name]] == pytest.approx((299 - x if mirrored else x, y), abs=1)


def test_a_film_with_a_missing_finger_is_left_out(tmp_path: Path) -> None:
    write(tmp_path / "1.xml", {**LEFT, "DIP": LEFT["DIP"][:3]})
    write(tmp_path / "2.xml", {})
    assert read_boxed_hands(tmp_path) == ()


def test_the_held_out_films_do_not_depend_on_order() -> None:
    names = [str(n) for n in range(240)]
    assert held_out(names) == held_out(reversed(names))
    assert len(held_out(names)) == 40
