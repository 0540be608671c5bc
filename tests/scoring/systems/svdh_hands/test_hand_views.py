"""A hand is seen alike whichever side it is of, however large its film is and wherever it lies on it."""

from __future__ import annotations

import numpy as np

from scoring.anatomy.film_view import inverse, moved
from scoring.anatomy.hand_finder import HandFinder
from scoring.phantoms.film_style import FilmStyle
from scoring.phantoms.hand import HandPhantom, draw_hand
from scoring.score_rules.sharp_van_der_heijde import SITES, Side
from scoring.systems.svdh_hands.preprocessing import Views, hand_view, view_affine, view_shape

PIXELS = 128


def seen(hand: HandPhantom) -> tuple[Views, np.ndarray]:
    """The view of a hand by its true sites, and where these lie in it."""
    centres = np.array([hand.centres[site] for site in SITES])
    to_film = HandFinder.open().frame_of(centres, hand.side)
    return hand_view(hand.pixels, to_film, PIXELS), moved(inverse(view_affine(to_film, PIXELS)), centres)


def drawn(side: Side, spacing_mm: float = 0.4) -> HandPhantom:
    style = FilmStyle(marker=False, grain=0.0, heel=0.0)
    return draw_hand(7, side=side, spacing_mm=spacing_mm, grows=False, film=style)


def difference(one: Views, other: Views) -> float:
    return float(np.abs(one.astype(float) - other.astype(float)).mean())


def test_every_site_lies_in_the_view_with_room_around_it() -> None:
    rows, columns = view_shape(PIXELS)
    for seed in range(3):
        _, places = seen(draw_hand(seed, spacing_mm=0.5))
        assert (places > 0.05 * rows).all()
        assert (places[:, 0] < 0.95 * columns).all() and (places[:, 1] < 0.95 * rows).all()


def test_a_right_hand_is_seen_as_a_left_one() -> None:
    left, right = (seen(drawn(side))[0] for side in ("L", "R"))
    assert difference(left, right) < 2
    assert difference(left, right[:, ::-1]) > 10, "it must be able to differ"


def test_the_pixel_size_of_the_film_does_not_count() -> None:
    coarse, fine = (seen(drawn("L", spacing_mm))[0] for spacing_mm in (0.5, 0.25))
    assert difference(coarse, fine) < 4
