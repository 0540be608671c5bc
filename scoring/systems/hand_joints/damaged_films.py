"""Windows of real hands with damage drawn into them: what phantoms lack, a real film's look, with exact grades."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scoring.learning.progress import Progress, silent
from scoring.phantoms.damaged_hands.damaged_hand import damage_hand
from scoring.phantoms.damaged_hands.real_films import FilmHand, checked_hand
from scoring.phantoms.damaged_hands.visits import course_of_grades
from scoring.score_rules.sharp_van_der_heijde import ITEMS, SITES
from scoring.systems.hand_joints.crop_book import CropBook, grade_table, hand_windows
from scoring.systems.hand_joints.preprocessing import WINDOW, frame_of


def damaged_book(films: Sequence[FilmHand | None], copies: int, seed: int, progress: Progress = silent) -> CropBook:
    """``copies`` of every hand that was found, each with its own damage; sites left alone have no grade."""
    found = [film for film in films if film is not None]
    windows = np.empty((copies * len(found), len(SITES), WINDOW, WINDOW), np.float16)
    grades = np.empty((copies * len(found), len(SITES), len(ITEMS)), np.float32)
    for row in range(len(windows)):
        film = found[row % len(found)]
        own = seed + row
        hand = checked_hand(film)
        damaged = damage_hand(hand, course_of_grades(own, 1), own)
        windows[row] = hand_windows(damaged.pixels, frame_of(film.hand))
        grades[row] = grade_table({key: grade for key, grade in damaged.grades.items() if key[0] in hand.visible})
        progress("real hands drawn into", row + 1, len(windows))
    return CropBook(windows, grades)
