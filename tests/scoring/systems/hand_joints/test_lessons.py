"""What the grader learns from: real hands are drawn into, left alone where the eye said so, and put beside phantoms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from scoring.anatomy.hand_finder import HandFinder
from scoring.phantoms.damaged_hands.real_films import FilmHand, films_for, left_alone
from scoring.score_rules.sharp_van_der_heijde import SITES
from scoring.systems.hand_joints.crop_book import NOT_GRADED, CropBook, phantom_book
from scoring.systems.hand_joints.damaged_films import damaged_book
from scoring.systems.hand_joints.healthy_films import healthy_book
from scoring.systems.hand_joints.lessons import lessons

FILM = Path(__file__).parents[4] / "dicom_node" / "demo_studies" / "rsna_hand_11461.png"


@pytest.fixture(scope="module")
def film() -> FilmHand:
    torch.set_num_threads(1)
    with Image.open(FILM) as picture:
        pixels = np.asarray(picture.convert("L"), np.float32) / np.float32(255)
    return FilmHand("11461", pixels, HandFinder.open().find(pixels).hands[0])


def test_sites_that_the_eye_found_unfit_are_never_drawn_into() -> None:
    alone = left_alone()
    assert set(alone) == {*films_for("training"), *films_for("held_out")}
    assert alone["1405"] == frozenset(SITES), "a hand in plaster"
    assert alone["1419"] == frozenset({"PIP4"})
    assert not alone["11461"]


def test_windows_change_where_grades_say_damage(film: FilmHand) -> None:
    # given the same film as it is and drawn into
    healthy, damaged = healthy_book([film]), damaged_book([film, None], copies=1, seed=3)
    assert len(damaged) == 1
    # then the windows differ at damaged sites, and there is no grade beyond the score
    graded = damaged.grades[0]
    change = np.abs(damaged.windows[0].astype(np.float32) - healthy.windows[0]).max((1, 2))
    assert (graded > 0).any()
    assert all(change[site] > 0.02 for site in range(len(SITES)) if (graded[site] >= 2).any())
    assert graded.max() <= 5
    assert ((graded == NOT_GRADED) == (healthy.grades[0] == NOT_GRADED)).all()


def test_lessons_are_phantoms_alone_or_together_with_real_hands(film: FilmHand) -> None:
    phantoms: CropBook = phantom_book([5])
    alone = lessons("phantoms", phantoms, [film], seed=1)
    both = lessons("damaged_hands", phantoms, [film], seed=1)
    assert [source.book for source in alone] == [phantoms]
    assert both[0].book is phantoms
    shown = [source.times * len(source.book) for source in both[1:]]
    assert shown[0] == shown[1], "real hands are shown as often without damage as with it"
    assert (both[2].book.grades > 0).any()
