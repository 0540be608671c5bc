"""The hand phantom keeps its promises: same seed same film, every site in place, damage where and as graded."""

import hashlib
from itertools import pairwise

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from scoring.phantoms.body import sample_body
from scoring.phantoms.damage import joint_space, no_damage, sample_grades
from scoring.phantoms.film_style import FilmStyle
from scoring.phantoms.hand import HandPhantom, draw_both_hands, draw_hand
from scoring.phantoms.seeded import stream
from scoring.score_rules.sharp_van_der_heijde import EROSION_SITES, HIGHEST_GRADE, SITES

CLEAN = FilmStyle(grain=0.0, marker=False, scatter=0.0, heel=0.0)


def drawn_clean(seed: int, **grades: int) -> HandPhantom:
    """An adult left hand on a film without grain; ``MCP2_narrowing=3`` and the like."""
    given = {tuple(key.rsplit("_", 1)): grade for key, grade in grades.items()}
    return draw_hand(seed, side="L", grades=given, grows=False, film=CLEAN)


def test_the_same_seed_gives_the_same_bytes():
    first, again, other = draw_hand(7), draw_hand(7), draw_hand(8)
    assert first.pixels.tobytes() == again.pixels.tobytes()
    assert first.centres == again.centres
    assert hashlib.sha256(first.pixels).digest() != hashlib.sha256(other.pixels).digest()


def test_the_state_of_the_global_generator_does_not_matter():
    np.random.seed(1)
    first = draw_hand(3, spacing_mm=0.5)
    np.random.seed(2)
    assert first.pixels.tobytes() == draw_hand(3, spacing_mm=0.5).pixels.tobytes()


@pytest.mark.parametrize("spacing_mm", [0.2, 0.6])
def test_every_centre_lies_inside_the_picture(spacing_mm):
    for seed in range(8):
        hand = draw_hand(seed, spacing_mm=spacing_mm)
        rows, columns = hand.pixels.shape
        assert set(hand.centres) == set(SITES)
        assert all(0 <= x < columns and 0 <= y < rows for x, y in hand.centres.values())
        assert hand.pixels.dtype == np.float32
        assert hand.pixels.min() >= 0.0
        assert hand.pixels.max() <= 1.0


def test_the_thumb_tells_the_side():
    for side, sign in (("L", 1), ("R", -1)):
        hand = draw_hand(5, side=side)
        assert hand.side == side
        assert np.sign(hand.centres["MCP1"][0] - hand.centres["MCP5"][0]) == sign


def profile(hand: HandPhantom, site: str, towards: str) -> np.ndarray:
    """Grey values across a joint on nine lines, 5 mm long in steps of 0.05 mm, along the direction to another site."""
    first, second = np.array(hand.centres[site]), np.array(hand.centres[towards])
    axis = (second - first) / np.hypot(*(second - first))
    at = np.arange(-2.5, 2.51, 0.05) / hand.spacing_mm
    side = np.array([-axis[1], axis[0]])
    lines = [first + np.outer(at, axis) + across * side for across in np.linspace(-1.5, 1.5, 9) / hand.spacing_mm]
    return np.stack([map_coordinates(hand.pixels, line.T[::-1], order=1) for line in lines])


@pytest.mark.parametrize(
    ("site", "towards"), [("PIP3", "MCP3"), ("MCP2", "PIP2"), ("CMC3", "MCP3"), ("RC", "SCAPHOID")]
)
def test_each_narrowing_grade_leaves_less_of_the_dark_gap(site, towards):
    # A joint of grade 4 may be luxed instead of fused: that one has no gap to measure.
    fused = [seed for seed in range(11, 40) if joint_space(stream(seed, f"narrowing {site}"), site, 4).fused]
    widths = np.zeros(5)
    for seed in fused[:3]:
        films = [profile(drawn_clean(seed, **{f"{site}_narrowing": grade}), site, towards) for grade in range(5)]
        dark = (films[0].min() + np.median(films[0])) / 2
        widths += [0.05 * (film < dark).sum(1).mean() for film in films]
    assert all(wide > 1.05 * narrow for wide, narrow in pairwise(widths)), widths


@pytest.mark.parametrize("site", EROSION_SITES)
def test_an_erosion_changes_pixels_near_its_site_only(site):
    healthy, eroded = drawn_clean(21), drawn_clean(21, **{f"{site}_erosion": 3})
    changed = np.argwhere(np.abs(healthy.pixels - eroded.pixels) > 0.01)
    assert len(changed) > 30
    away = np.hypot(*(changed[:, ::-1] - np.array(healthy.centres[site])).T) * healthy.spacing_mm
    assert away.max() < 18.0


def test_more_erosion_leaves_less_bone():
    for site in ("MCP3", "SCAPHOID", "ULNA"):
        sums = [float(drawn_clean(33, **{f"{site}_erosion": g}).pixels.sum()) for g in (0, 2, 5)]
        assert sums[0] > sums[1] > sums[2]


def test_growth_plates_are_never_damage():
    child = draw_hand(40, grows=True, grades=no_damage())
    assert child.grows
    assert set(child.grades.values()) == {0}
    assert not draw_hand(40, grows=False).grows


def test_bones_a_young_child_does_not_have_are_not_visible_and_not_graded():
    young = [seed for seed in range(400) if sample_body(stream(seed, "body"), grows=True).age < 5.0][:4]
    assert len(young) == 4
    for seed in young:
        hand = draw_hand(seed, grows=True, severity=0.9, spacing_mm=0.6, film=CLEAN)
        absent = set(SITES) - hand.visible
        assert absent
        assert absent <= {"TRAPEZIUM", "SCAPHOID", "LUNATE", "STT", "CNL", "RC"}
        assert all(grade == 0 for (site, _), grade in hand.grades.items() if site in absent)


def test_a_grade_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="IP1 narrowing"):
        draw_hand(1, grades={("IP1", "narrowing"): 1})
    with pytest.raises(ValueError, match="MCP2 erosion = 6"):
        draw_hand(1, grades={("MCP2", "erosion"): 6})


def test_sampled_grades_cover_every_grade_of_every_site():
    drawn = [sample_grades(stream(seed, "grades")) for seed in range(2000)]
    sums = np.array([sum(grades.values()) for grades in drawn])
    assert 0.48 < np.mean([[g == 0 for g in grades.values()] for grades in drawn]) < 0.60
    assert 27 < sums.mean() < 38
    assert np.percentile(sums, 95) > 85
    for key in drawn[0]:
        seen = np.bincount([grades[key] for grades in drawn], minlength=HIGHEST_GRADE[key[1]] + 1)
        assert seen.min() > 40, key


def test_both_hands_lie_side_by_side_in_one_picture():
    pixels, spacing_mm, (right, left) = draw_both_hands(9, grades={"L": {("MCP2", "erosion"): 2}})
    assert (right.side, left.side) == ("R", "L")
    assert right.pixels is pixels
    assert spacing_mm == right.spacing_mm
    assert max(x for x, _ in left.centres.values()) < min(x for x, _ in right.centres.values())
    assert all(x < pixels.shape[1] and y < pixels.shape[0] for x, y in right.centres.values())
    assert left.grades["MCP2", "erosion"] == 2
