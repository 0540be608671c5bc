"""What the grader learns from: a window around every site of many hands, with its grades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.learning.progress import Progress, silent
from scoring.learning.side_processes import in_processes
from scoring.phantoms.hand import draw_hand
from scoring.phantoms.seeded import stream
from scoring.score_rules.sharp_van_der_heijde import ITEMS, SITES, SITES_OF, Item
from scoring.systems.hand_joints.preprocessing import (
    CROP,
    WINDOW,
    Grey,
    HandFrame,
    cut_crops,
    frame_of_centres,
    normalised,
)

NOT_GRADED: Final = -1
_SPACINGS_MM: Final = (0.2, 0.25, 0.3, 0.35)


@dataclass(frozen=True)
class CropBook:
    """Windows of ``n`` hands.

    ``windows`` (n, 22, WINDOW, WINDOW) float16; ``grades`` (n, 22, 2) float32, erosion and narrowing, ``NOT_GRADED``
    where there is none.
    """

    windows: npt.NDArray[np.float16]
    grades: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.windows)

    def crops(self) -> Grey:
        """(n, 22, CROP, CROP): the windows' middles as scoring sees them."""
        rim = (WINDOW - CROP) // 2
        middles = self.windows[:, :, rim:-rim, rim:-rim].astype(np.float32)
        return normalised(middles.reshape(-1, CROP, CROP)).reshape(len(self), len(SITES), CROP, CROP)


def bound(pages: Sequence[CropBook]) -> CropBook:
    """Several books as one."""
    return CropBook(np.concatenate([p.windows for p in pages]), np.concatenate([p.grades for p in pages]))


def grade_table(grades: Mapping[tuple[str, Item], float]) -> npt.NDArray[np.float32]:
    """(22, 2): grades by site and item; ``NOT_GRADED`` where the mapping has none or the score has no such item."""
    table = np.full((len(SITES), len(ITEMS)), NOT_GRADED, np.float32)
    for column, item in enumerate(ITEMS):
        for site in SITES_OF[item]:
            table[SITES.index(site), column] = grades.get((site, item), NOT_GRADED)
    return table


def hand_windows(pixels: Grey, frame: HandFrame) -> npt.NDArray[np.float16]:
    """(22, WINDOW, WINDOW): the crops of scoring with room around them."""
    return cut_crops(pixels, frame, WINDOW).astype(np.float16)


def phantom_book(seeds: Sequence[int], workers: int = 1, progress: Progress = silent) -> CropBook:
    """Draw one phantom hand a seed and cut its windows around the true centres."""
    windows = np.empty((len(seeds), len(SITES), WINDOW, WINDOW), np.float16)
    grades = np.empty((len(seeds), len(SITES), len(ITEMS)), np.float32)
    for n, (cut, graded) in enumerate(in_processes(_phantom_page, seeds, workers=workers, chunk=16)):
        windows[n], grades[n] = cut, graded
        progress("phantom hands drawn", n + 1, len(seeds))
    return CropBook(windows, grades)


def _phantom_page(seed: int) -> tuple[npt.NDArray[np.float16], npt.NDArray[np.float32]]:
    spacing = float(stream(seed, "spacing").choice(_SPACINGS_MM))
    hand = draw_hand(seed, spacing_mm=spacing)
    return hand_windows(hand.pixels, frame_of_centres(hand.centres, hand.side)), grade_table(hand.grades)
