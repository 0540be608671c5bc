"""Real hands in a course: as they are, or with damage drawn in where the book says it is."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scoring.errors import LabelError
from scoring.score_rules.sharp_van_der_heijde import SITES
from scoring.systems.svdh_hands.drawn_hands import drawn_hands
from scoring.systems.svdh_hands.film_book import film_book, real_hands
from scoring.systems.svdh_hands.hand_book import HandBook
from scoring.systems.svdh_hands.training_recipe import HandPhase

FILM = Path(__file__).parents[4] / "dicom_node" / "demo_studies" / "rsna_hand_11461.png"
PIXELS = 192


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data set's folder with one film, under its own name and under that of the first film to learn from."""
    folder = tmp_path_factory.mktemp("rsna-bone-age")
    (folder / "images_full").mkdir()
    for name in ("11461", "1377"):
        shutil.copy(FILM, folder / "images_full" / f"{name}.png")
    return folder


@pytest.fixture(scope="module")
def book(films: Path) -> HandBook:
    return film_book(films, ["11461"], [None, 3], PIXELS)


def test_a_hand_as_it_is_has_no_damage_and_one_that_was_drawn_into_has(book: HandBook) -> None:
    healthy, damaged = book.damage
    assert not healthy.any() and damaged.any()
    assert book.totals.tolist() == [0, damaged.sum()]
    assert book.patients == ("FILM-11461",) * 2
    assert real_hands(book) == 2


def test_views_change_at_the_places_of_damage_and_hardly_elsewhere(book: HandBook) -> None:
    change = np.abs(book.views[1].astype(float) - book.views[0])
    rows, columns = np.indices(change.shape)
    near = [np.hypot(columns - x, rows - y) < PIXELS / 20 for x, y in book.places[1]]
    # then: every place with much damage looks otherwise than before, and what changed lies around places with damage
    much = [number for number in range(len(SITES)) if book.damage[1, number] >= 3]
    assert much and all(change[near[number]].max() > 10 for number in much)
    around = np.any([near[number] for number in np.nonzero(book.damage[1])[0]], 0)
    assert change[around].mean() > 10 * change[~around].mean()


def test_a_course_draws_phantoms_and_real_hands_where_films_are_at_hand(films: Path) -> None:
    course = HandPhase(epochs=1, batch=4, rate=1e-3, hands=1, damaged=1)
    both = drawn_hands(course, 64, 100, films)
    assert both is not None
    assert both.patients == ("PHANTOM-100", "FILM-1377")
    assert drawn_hands(replace(course, hands=0), 64, 100, None) is None, "there is no film to draw into"


def test_a_film_that_is_not_there_is_named(films: Path) -> None:
    with pytest.raises(LabelError, match=r"1380\.png is not in rsna-bone-age/images_full"):
        film_book(films, ["1377", "1380"], [None, None], 64)
