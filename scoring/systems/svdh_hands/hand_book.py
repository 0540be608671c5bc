"""What the networks learn from: whole hands as they see them, with totals, and with damage by place where known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.anatomy.film_view import inverse, moved
from scoring.anatomy.hand_finder import HandFinder
from scoring.learning.progress import Progress, silent
from scoring.learning.side_processes import in_processes
from scoring.phantoms.hand import draw_hand
from scoring.score_rules.sharp_van_der_heijde import ITEMS, SITES, Item
from scoring.systems.svdh_hands.preprocessing import Views, hand_view, margin_of, view_affine

_SPACING_MM: Final = 0.4
_FINE_SPACING_MM: Final = 0.25
_FINE_FROM: Final = 384
"""Drawn films have pixels somewhat smaller than views of them: about 0.6 mm in 224 rows, 0.26 mm in 512."""


@dataclass(frozen=True)
class HandBook:
    """``n`` hands.

    ``views`` (n, rows + 2 margin, columns + 2 margin), 0..255; ``totals`` (n,) 0..140, NaN where nobody gave one;
    ``places`` (n, 22, 2) of the sites in view pixels, margin included, and ``damage`` (n, 22), the sum of a site's
    grades: NaN where they are not known. ``patients`` (n) by name.
    """

    views: Views
    totals: npt.NDArray[np.float32]
    places: npt.NDArray[np.float32]
    damage: npt.NDArray[np.float32]
    patients: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.views)

    def only(self, chosen: npt.NDArray[np.bool_]) -> HandBook:
        """The hands for which ``chosen`` (n,) is true."""
        patients = tuple(name for name, kept in zip(self.patients, chosen, strict=True) if kept)
        return HandBook(self.views[chosen], self.totals[chosen], self.places[chosen], self.damage[chosen], patients)

    def without_places(self) -> HandBook:
        """The same hands as a reader who only gives totals leaves them."""
        unknown = np.full_like(self.damage, np.nan)
        return HandBook(self.views, self.totals, np.full_like(self.places, np.nan), unknown, self.patients)


HandPage = tuple[Views, npt.NDArray[np.float32], npt.NDArray[np.float32]]
"""One hand of a book: its view, places and damage."""


def bound(books: Sequence[HandBook]) -> HandBook:
    """Several books of views of one size as one."""
    return HandBook(
        np.concatenate([book.views for book in books]),
        np.concatenate([book.totals for book in books]),
        np.concatenate([book.places for book in books]),
        np.concatenate([book.damage for book in books]),
        tuple(patient for book in books for patient in book.patients),
    )


def phantom_book(seeds: Sequence[int], pixels: int, workers: int = 1, progress: Progress = silent) -> HandBook:
    """Draw one phantom hand a seed; its frame is that of its true sites."""
    pages: list[HandPage] = []
    for page in in_processes(_phantom_page, seeds, [pixels] * len(seeds), workers=workers, chunk=16):
        pages.append(page)
        progress("phantom hands drawn", len(pages), len(seeds))
    views, places, damage = (np.stack(part) for part in zip(*pages, strict=True))
    return HandBook(views, damage.sum(1), places, damage, tuple(f"PHANTOM-{seed}" for seed in seeds))


def _phantom_page(seed: int, pixels: int) -> HandPage:
    hand = draw_hand(seed, spacing_mm=_SPACING_MM if pixels < _FINE_FROM else _FINE_SPACING_MM)
    centres = np.array([hand.centres[site] for site in SITES])
    to_film, margin = finder().frame_of(centres, hand.side), margin_of(pixels)
    places = moved(inverse(view_affine(to_film, pixels, margin)), centres)
    seen = hand_view(hand.pixels, to_film, pixels, margin)
    return seen, places.astype(np.float32), site_damage(hand.grades)


def site_damage(grades: Mapping[tuple[str, Item], int]) -> npt.NDArray[np.float32]:
    """(22,) the sum of each site's grades."""
    return np.array([sum(grades.get((site, item), 0) for item in ITEMS) for site in SITES], np.float32)


@lru_cache(maxsize=1)
def finder() -> HandFinder:
    """One for each process."""
    return HandFinder.open()
