"""Windows of real hands without arthritis: grade 0 looks like many things."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scoring.phantoms.damaged_hands.real_films import FilmHand
from scoring.score_rules.sharp_van_der_heijde import ITEMS, SITES
from scoring.systems.hand_joints.crop_book import NOT_GRADED, CropBook, grade_table, hand_windows
from scoring.systems.hand_joints.preprocessing import WINDOW, frame_of


def healthy_book(hands: Sequence[FilmHand | None]) -> CropBook:
    """Windows of the hands that were found, every site that was seen with grade 0."""
    seen = [hand for hand in hands if hand is not None]
    windows = [hand_windows(hand.pixels, frame_of(hand.hand)) for hand in seen]
    zero = grade_table({(site, item): 0.0 for site in SITES for item in ITEMS})
    grades = np.stack([zero] * len(seen)) if seen else np.empty((0, len(SITES), len(ITEMS)), np.float32)
    for row, hand in enumerate(seen):
        unseen = [n for n, site in enumerate(SITES) if hand.hand.sites[site].status != "found"]
        grades[row, unseen] = NOT_GRADED
    empty = np.empty((0, len(SITES), WINDOW, WINDOW), np.float16)
    return CropBook(np.stack(windows) if windows else empty, grades)
