"""Windows of real hands with damage drawn into them: what phantoms lack, a real film's look, with exact grades."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from scoring.learning.progress import Progress, silent
from scoring.phantoms.damaged_hands.damaged_hand import damage_hand
from scoring.phantoms.damaged_hands.real_hand import RealHand, real_hand
from scoring.phantoms.damaged_hands.visits import course_of_grades
from scoring.phantoms.simulated_readers import WRIST_SITES
from scoring.score_rules.sharp_van_der_heijde import ITEMS, SITES
from scoring.systems.hand_joints.crop_book import CropBook, grade_table, hand_windows
from scoring.systems.hand_joints.preprocessing import WINDOW, frame_of
from scoring.systems.hand_joints.real_films import FilmHand

_FILMS: Final = Path(__file__).with_name("real_films.csv")


def damaged_book(films: Sequence[FilmHand | None], copies: int, seed: int, progress: Progress = silent) -> CropBook:
    """``copies`` of every hand that was found, each with its own damage; sites left alone have no grade."""
    found = [film for film in films if film is not None]
    windows = np.empty((copies * len(found), len(SITES), WINDOW, WINDOW), np.float16)
    grades = np.empty((copies * len(found), len(SITES), len(ITEMS)), np.float32)
    alone = left_alone()
    for row in range(len(windows)):
        film = found[row % len(found)]
        own = seed + row
        hand = checked_hand(film, alone.get(film.film, frozenset()))
        damaged = damage_hand(hand, course_of_grades(own, 1), own)
        windows[row] = hand_windows(damaged.pixels, frame_of(film.hand))
        grades[row] = grade_table({key: grade for key, grade in damaged.grades.items() if key[0] in hand.visible})
        progress("real hands drawn into", row + 1, len(windows))
    return CropBook(windows, grades)


def checked_hand(film: FilmHand, alone: frozenset[str]) -> RealHand:
    """The hand as damage may be drawn into it: without the sites that the eye found unfit."""
    return real_hand(film.film, film.pixels, film.hand).without(alone)


def left_alone() -> dict[str, frozenset[str]]:
    """By film, the sites that are not drawn into: looked through by eye, they are no healthy joint that is seen well.

    Plaster, two exposures on one film, a dysplasia, fingers that are bent, wrists without bones to draw into.
    """
    with _FILMS.open(encoding="utf-8", newline="") as file:
        return {row["film"]: frozenset(_sites(row["left_alone"].split())) for row in csv.DictReader(file)}


def _sites(words: Sequence[str]) -> Iterator[str]:
    """``all``, ``wrist``, or how names of sites begin."""
    for word in words:
        for site in SITES:
            if word == "all" or (word == "wrist" and site in WRIST_SITES) or site.startswith(word):
                yield site
