"""The pictures can be read: by every colour vision, at a quarter of their size, in the alphabets we write."""

from __future__ import annotations

import itertools
import unicodedata
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from scoring.result import Heatmap
from sr_templates import lettering
from sr_templates.colour_map import DAMAGE_COLOURS, INK, NOT_SCORED, PICTURE_FAULT, UNDAMAGED
from sr_templates.heatmap_drawing import draw_heatmap
from sr_templates.heatmap_legend import STAMP_COLOUR
from sr_templates.page_style import GROUND, LIGHT, PANEL, QUIET, STRIPE
from sr_templates.report_page_drawing import draw_report_page
from sr_templates.site_marks import item_letters, site_name
from tests.sr_templates import results_for_tests as results
from tests.sr_templates.colour_vision import VISIONS, contrast, difference, seen_as

SITE_COLOURS = (UNDAMAGED, *DAMAGE_COLOURS, NOT_SCORED, PICTURE_FAULT)
Picture = npt.NDArray[np.uint8]


def test_the_measure_of_colours_is_that_of_its_paper() -> None:
    """Pairs 1, 7, 17 and 20 of the test data of Sharma, Wu and Dalal."""
    assert difference((50, 2.6772, -79.7751), (50, 0, -82.7485)) == pytest.approx(2.0425, abs=1e-4)
    assert difference((50, 0, 0), (50, -1, 2)) == pytest.approx(2.3669, abs=1e-4)
    assert difference((50, 2.5, 0), (73, 25, -18)) == pytest.approx(27.1492, abs=1e-4)
    assert difference((50, 2.5, 0), (58, 24, 15)) == pytest.approx(19.4535, abs=1e-4)
    assert contrast((255, 255, 255), (0, 0, 0)) == pytest.approx(21)


@pytest.mark.parametrize("vision", VISIONS)
def test_the_colours_of_sites_are_told_apart_by_every_colour_vision(vision: str) -> None:
    seen = [seen_as(colour, vision) for colour in SITE_COLOURS]
    assert min(difference(one, other) for one, other in itertools.combinations(seen, 2)) > 17


def test_letters_stand_out_from_their_ground() -> None:
    assert all(contrast(INK, colour) > 4.5 for colour in (*SITE_COLOURS, STAMP_COLOUR))
    for ground in (GROUND, STRIPE, PANEL):
        assert all(contrast(letters, ground) > 4.5 for letters in (LIGHT, QUIET, STAMP_COLOUR))
    assert contrast(LIGHT, STRIPE) > 12, "a zero is as plain as any other grade"


def at_a_quarter(picture: Picture) -> npt.NDArray[np.int16]:
    image = Image.fromarray(picture).convert("L")
    return np.asarray(image.resize((image.width // 4, image.height // 4), Image.Resampling.BOX)).astype(np.int16)


def page_with(grade: int | None) -> Picture:
    """The page of two hands where one erosion has this grade, all else being equal: no sums, no expected value."""
    made = results.two_hands()
    first = made.result.item("PIP2", "erosion", "R")
    other = replace(first, grade=grade, value=None, probabilities=())
    if grade is None:
        other = replace(other, status="not_assessable", certainty=None, reason=made.spec.reasons["outside_image"])
    items = tuple(other if item is first else item for item in made.result.items)
    return draw_report_page(replace(made.result, items=items, totals=()), made.spec)


def film_with(grade: int) -> Picture:
    """A film where one joint has this erosion, and narrowing 4 in any case, so that only the digit changes."""
    made = results.one_hand()
    keep = [i for i in made.result.items if i.site == "PIP2" and i.side == "R"]
    grades = {"erosion": grade, "narrowing": 4}
    items = tuple(replace(item, grade=grades[item.item]) for item in keep)
    film = Image.new("L", (1200, 1440), 90)
    nothing = np.zeros((48, 40), np.uint8)
    heatmap = Heatmap("2.25.11", "00" * 32, "Grad-CAM", "grades")
    return draw_heatmap(replace(made.result, items=items), made.spec, heatmap, film, nothing, 3.0)


@pytest.mark.parametrize(("one", "other"), [(2, 3), (4, 5), (0, None)])
def test_grades_of_one_colour_are_told_apart_on_a_page_at_a_quarter(one: int, other: int | None) -> None:
    """Two digits of the same colour: what differs is their shape alone."""
    changed = np.abs(at_a_quarter(page_with(one)) - at_a_quarter(page_with(other)))
    assert (changed > 60).sum() >= 5


@pytest.mark.parametrize(("one", "other"), [(0, 3), (1, 2), (2, 3), (4, 5)])
def test_damage_is_read_on_a_film_at_a_quarter(one: int, other: int) -> None:
    changed = np.abs(at_a_quarter(film_with(one)) - at_a_quarter(film_with(other)))
    assert (changed > 40).sum() >= 5


def test_digits_are_six_pixels_high_at_a_quarter() -> None:
    for one, other in ((page_with(4), page_with(5)), (film_with(4), film_with(5))):
        rows = np.nonzero((one != other).any(axis=(1, 2)))[0]
        assert np.ptp(rows) + 1 >= 4 * 6


def test_the_typeface_has_every_letter_it_says() -> None:
    for bold in (False, True):
        letters = lettering.font(40, bold)
        unknown = bytes(letters.getmask("\U0010ffff"))
        alphabet = [chr(n) for first, last in lettering._ALPHABET for n in range(first, last + 1)]
        for letter in [*alphabet, *lettering._SIGNS]:
            if unicodedata.category(letter) not in ("Cn", "Zs", "Cf"):
                assert bytes(letters.getmask(letter)) != unknown, f"U+{ord(letter):04X}"


def test_letters_are_laid_out_alike_where_another_engine_is_installed() -> None:
    """With kerning ``AV`` would be narrower than its two letters."""
    letters = lettering.font(40)
    assert letters.getlength("AV") == letters.getlength("A") + letters.getlength("V")


def test_names_and_letters_of_sites_are_short_and_unique() -> None:
    spec = results.hand_spec()
    names = [site_name(site.key) for site in spec.sites]
    assert {"MCP2", "PIP3", "Scaphoid", "STT", "RC", "MC1B", "Ulna"} <= set(names)
    assert len(set(names)) == len(spec.sites)
    assert item_letters(spec) == {"erosion": "E", "narrowing": "N"}
    alike = replace(spec, items=tuple(replace(i, label=f"Skin {n}") for n, i in enumerate(spec.items)))
    assert sorted(item_letters(alike).values()) == ["Skin 0", "Skin 1"]
    assert item_letters(replace(spec, items=spec.items[:1])) == {"erosion": ""}
