"""Damage drawn into a real hand: it is where the truth says, nowhere else, and stays from visit to visit."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter
from typer.testing import CliRunner

from scoring.anatomy.hand_finder import HandFinder
from scoring.cli import build_app
from scoring.learning.label_table import read_label_table
from scoring.learning.read_hands import hands_of
from scoring.phantoms.damaged_hands.contact_sheet import sheet
from scoring.phantoms.damaged_hands.damaged_hand import DamagedHand, damage_hand
from scoring.phantoms.damaged_hands.real_hand import RealHand, real_hand
from scoring.phantoms.damaged_hands.visits import course_of_grades, exposed_again
from scoring.score_rules.sharp_van_der_heijde import SITES, Item

FILM = Path(__file__).parents[3] / "dicom_node" / "demo_studies" / "rsna_hand_11461.png"


@pytest.fixture(scope="module")
def hand() -> RealHand:
    """A child's hand without arthritis, its sites as the hand finder sees them."""
    torch.set_num_threads(1)
    with Image.open(FILM) as film:
        pixels = np.asarray(film.convert("L"), np.float32) / np.float32(255)
    return real_hand("film", pixels, HandFinder.open().find(pixels).hands[0])


def _lost(hand: RealHand, damaged: DamagedHand, site: str, reach_mm: float = 9.0) -> float:
    """The largest change of grey within reach of a site."""
    x, y = hand.centres[site]
    rows, columns = np.ogrid[: hand.shape[0], : hand.shape[1]]
    near = np.hypot(columns - x, rows - y) < reach_mm * hand.mm
    return float(np.abs(damaged.pixels - hand.pixels)[near].max())


def test_erosions_are_at_their_sites_and_nowhere_else(hand: RealHand) -> None:
    # given two sites with erosions
    damaged = damage_hand(hand, [{("PIP3", "erosion"): 2, ("MCP2", "erosion"): 4}], seed=6)
    # then these were drawn as wanted, and far from them the film is the same
    drawn = {key: grade for key, grade in damaged.grades.items() if grade}
    assert drawn == {("PIP3", "erosion"): 2, ("MCP2", "erosion"): 4}
    assert _lost(hand, damaged, "PIP3") > 0.05
    untouched = {"PIP5", "RADIUS", "IP1"} - set(damaged.spurs)
    assert untouched
    assert {site: _lost(hand, damaged, site, 5.0) for site in untouched} == dict.fromkeys(untouched, 0.0)


def _two_bones() -> RealHand:
    """A drawing of one joint: two bright bones, 15 mm broad, with a dark space of 2 mm between them."""
    film = np.full((900, 900), 0.2, np.float32)
    film[100:800, 390:510] = 0.8
    film[442:458, 390:510] = 0.2
    film = np.asarray(gaussian_filter(film, 2.0), np.float32)
    centres = dict.fromkeys(SITES, (450.0, 450.0)) | {"PIP3": (450.0, 200.0)}
    return RealHand("drawing", film, "L", centres, frozenset({"MCP3"}), breadth=82.0 * 8)


@pytest.mark.parametrize(("grade", "least", "most"), [(0, 2.0, 2.0), (1, 1.4, 1.9), (2, 0.9, 1.5), (3, 0.3, 0.9)])
def test_a_narrowed_joint_has_the_width_of_its_grade(grade: int, least: float, most: float) -> None:
    bones = _two_bones()
    damaged = damage_hand(bones, [{("MCP3", "narrowing"): grade}], seed=1)
    assert damaged.grades["MCP3", "narrowing"] == grade
    share_bright = (damaged.pixels[400:500, 450] - 0.2) / 0.6
    assert least <= (1 - share_bright).sum() / bones.mm <= most


def test_an_ankylosed_joint_has_bone_in_place_of_its_space() -> None:
    damaged = damage_hand(_two_bones(), [{("MCP3", "narrowing"): 4}], seed=1)
    assert damaged.pixels[400:500, 450].min() > 0.65


def test_the_same_seed_draws_the_same_hand(hand: RealHand) -> None:
    course = course_of_grades(3, 1, severity=0.5)
    first, second = (damage_hand(hand, course, seed=3) for _ in range(2))
    assert np.array_equal(first.pixels, second.pixels)
    assert first.grades == second.grades


def test_a_later_visit_keeps_the_lesions_and_never_heals(hand: RealHand) -> None:
    # given a course of two visits, the first of which is also drawn alone
    grades: dict[tuple[str, Item], int] = {("PIP3", "erosion"): 2}
    first, second = damage_hand(hand, [grades], 9), damage_hand(hand, [grades, grades | {("PIP4", "erosion"): 3}], 9)
    # then what the first visit shows is there at the second, pixel for pixel, and the other finger is new
    x, y = (int(v) for v in hand.centres["PIP3"])
    reach = int(5 * hand.mm)
    part = np.s_[y - reach : y + reach, x - reach : x + reach]
    assert np.array_equal(first.pixels[part], second.pixels[part])
    assert _lost(hand, first, "PIP4", 5.0) == 0.0
    assert _lost(hand, second, "PIP4", 5.0) > 0.05


def test_grades_of_a_course_never_fall() -> None:
    for seed in range(20):
        before, after = course_of_grades(seed, 2)
        assert all(after[key] >= before[key] for key in before)


def test_another_exposure_takes_the_sites_along(hand: RealHand) -> None:
    # given the hand as a second visit shows it
    (later,) = exposed_again([damage_hand(hand, [{}], 1)], seed=4, visit=1)
    # when the hand finder searches it
    found = HandFinder.open().find(later.pixels).hands[0]
    # then the sites are where the truth says
    off = [np.hypot(found.sites[s].x - x, found.sites[s].y - y) / hand.mm for s, (x, y) in later.centres.items()]
    assert np.median(off) < 2.0


def test_a_centre_makes_them_from_its_own_films(tmp_path: Path) -> None:
    # given a folder with a film of a hand and a file that is none
    films = tmp_path / "films"
    films.mkdir()
    (films / "hand.png").write_bytes(FILM.read_bytes())
    (films / "notes.dcm").write_text("not a film")
    # when two visits are asked for
    out = tmp_path / "out"
    asked = ["phantom", "damaged-hands", "--films", str(films), "--out", str(out), "--visits", "2", "--seed", "5"]
    result = CliRunner().invoke(build_app(), asked)
    # then the pictures and a table that train reads are there
    assert result.exit_code == 0, result.output
    hands = hands_of(read_label_table(out / "truth.csv"))
    assert [(hand.subject, hand.visit, hand.image) for hand in hands] == [
        ("hand", "1.1", "damaged-5-1.png"),
        ("hand", "1.2", "damaged-5-2.png"),
    ]
    assert all((out / hand.image).is_file() for hand in hands)
    assert sum(hands[1].grades.values()) >= sum(hands[0].grades.values()) > 0
    with (out / "not_graded.csv").open(encoding="utf-8") as file:
        assert {row["what"] for row in csv.DictReader(file)} <= {"osteophyte", "subluxation"}


def test_a_folder_without_a_hand_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    asked = ["phantom", "damaged-hands", "--films", str(tmp_path / "films"), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(build_app(), asked)
    assert result.exception is not None
    assert "holds no film on which a hand was found" in str(result.exception)


@pytest.mark.parametrize("asked", [["damaged-hands"], ["hand", "--films", "."]])
def test_films_go_with_damaged_hands_only(tmp_path: Path, asked: list[str]) -> None:
    result = CliRunner().invoke(build_app(), ["phantom", *asked, "--out", str(tmp_path)])
    assert result.exit_code == 2


def test_the_contact_sheet_shows_each_hand_before_and_after(hand: RealHand) -> None:
    page = np.asarray(sheet([hand, hand], seed=21))
    rows = page.reshape(4, len(page) // 4, -1)
    assert np.array_equal(rows[0], rows[2]), "the same film"
    assert not np.array_equal(rows[1], rows[3]), "two courses of damage"
