"""Hands that no training saw, for calibrating: both hands of phantom patients, and healthy children's films."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.anatomy.found_hand import FoundSite
from scoring.anatomy.hand_finder import HandFinder
from scoring.learning.progress import Progress, silent
from scoring.learning.side_processes import WORKERS, in_processes
from scoring.phantoms.damaged_hands.real_films import FilmHand
from scoring.phantoms.hand import draw_hand
from scoring.score_rules.sharp_van_der_heijde import SIDES, SITES, Side
from scoring.systems.hand_joints.crop_book import NOT_GRADED, CropBook, bound, grade_table, hand_windows
from scoring.systems.hand_joints.healthy_films import healthy_book
from scoring.systems.hand_joints.preprocessing import frame_of

_PATIENTS: Final = 240
DEMONSTRATION_HANDS: Final = (
    f"{_PATIENTS} phantom patients, both hands, and the films of healthy children held out of training (two films "
    "stand for a pair of hands); no person with arthritis"
)
"""What ``demonstration_hands`` are, in words."""
_FIRST_SEED: Final = 920_000
"""Of these phantoms: far from those of training, and from those that other figures are measured on."""


@dataclass(frozen=True, slots=True)
class UnseenHands:
    """Windows and grades of hands, ``NOT_GRADED`` also where the finder saw no site; whose they are, and of when."""

    book: CropBook
    visits: tuple[tuple[str, str], ...]
    """Patient and visit of each hand: two hands of one visit make a total of both hands."""

    def __add__(self, other: UnseenHands) -> UnseenHands:
        """Both sets together."""
        return UnseenHands(bound([self.book, other.book]), self.visits + other.visits)


def demonstration_hands(held_out: Sequence[FilmHand | None], progress: Progress = silent) -> UnseenHands:
    """What the demonstration weights are calibrated on: phantoms, and the real films that were held out."""
    return phantom_hands(_PATIENTS, progress) + film_hands(held_out)


def phantom_hands(patients: int, progress: Progress = silent) -> UnseenHands:
    """Both hands of each phantom patient, as the whole chain sees their films; without those it does not find."""
    jobs = [(patient, side) for patient in range(patients) for side in SIDES]
    pages: list[CropBook] = []
    visits: list[tuple[str, str]] = []
    found = in_processes(_phantom_page, jobs, workers=WORKERS, chunk=8)
    for number, ((patient, _), page) in enumerate(zip(jobs, found, strict=True), 1):
        if page is not None:
            pages.append(page)
            visits.append((f"phantom {patient}", "1"))
        progress("calibration films searched", number, len(jobs))
    return UnseenHands(bound(pages), tuple(visits))


def film_hands(films: Sequence[FilmHand | None]) -> UnseenHands:
    """Healthy children's films, grade 0 at every site that was seen.

    Each is one hand of another child: two films after each other stand for the two hands of one patient.
    """
    book = healthy_book(films)
    return UnseenHands(book, tuple((f"films {number // 2}", "1") for number in range(len(book))))


def _phantom_page(job: tuple[int, Side]) -> CropBook | None:
    patient, side = job
    phantom = draw_hand(_FIRST_SEED + 2 * patient + SIDES.index(side), side=side)
    search = _finder().find(phantom.pixels, side)
    if not search.is_hand or not search.hands:
        return None
    hand = search.hands[0]
    windows = hand_windows(search.bone_bright(phantom.pixels), frame_of(hand))
    return CropBook(windows[None], _seen(grade_table(phantom.grades), hand.sites)[None])


def _seen(grades: npt.NDArray[np.float32], sites: Mapping[str, FoundSite]) -> npt.NDArray[np.float32]:
    """The grades (22, 2) of the sites that scoring would grade too."""
    seen = np.array([sites[site].status == "found" for site in SITES])
    return np.where(seen[:, None], grades, np.float32(NOT_GRADED))


@lru_cache(maxsize=1)
def _finder() -> HandFinder:
    return HandFinder.open()
