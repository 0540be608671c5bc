"""Real hands without arthritis as the networks see them, as they are or with damage drawn into them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from scoring.anatomy.film_view import inverse, moved
from scoring.errors import LabelError
from scoring.learning.progress import Progress, silent
from scoring.learning.side_processes import in_processes
from scoring.phantoms.damaged_hands.damaged_hand import damage_hand
from scoring.phantoms.damaged_hands.real_films import FilmHand, checked_hand, find_film_hand
from scoring.phantoms.damaged_hands.visits import course_of_grades
from scoring.score_rules.sharp_van_der_heijde import SITES
from scoring.systems.svdh_hands.hand_book import HandBook, HandPage, finder, site_damage
from scoring.systems.svdh_hands.preprocessing import hand_view, margin_of, view_affine

_PATIENT: Final = "FILM-"


def film_book(
    folder: Path,
    films: Sequence[str],
    lesions: Sequence[int | None],
    pixels: int,
    workers: int = 1,
    progress: Progress = silent,
) -> HandBook:
    """One hand for each of ``lesions``, film after film and round again: their seed, or ``None`` for none at all.

    The frame is the hand finder's. Sites that are not drawn into have no damage, for no hand has arthritis. The patient
    of a hand is its film: films of one hand stay together. A film without a hand gives none. LabelError when a film is
    not in ``folder``, that of the data set, or no film shows a hand.
    """
    used = films[: len(lesions)]
    of_film = [lesions[number :: len(films)] for number in range(len(used))]
    pages: list[HandPage] = []
    patients: list[str] = []
    found = in_processes(_film_pages, [folder] * len(used), used, of_film, [pixels] * len(used), workers=workers)
    for number, (film, some) in enumerate(zip(used, found, strict=True), 1):
        pages += some
        patients += [_PATIENT + film] * len(some)
        progress("real films drawn into", number, len(used))
    if not pages:
        raise LabelError(f"No hand was found on any of {len(used)} films of {folder.name}.")
    views, places, damage = (np.stack(part) for part in zip(*pages, strict=True))
    return HandBook(views, damage.sum(1), places, damage, tuple(patients))


def real_hands(book: HandBook) -> int:
    """How many hands of a book are on real films that were drawn into."""
    return sum(patient.startswith(_PATIENT) for patient in book.patients)


def _film_pages(folder: Path, film: str, lesions: Sequence[int | None], pixels: int) -> list[HandPage]:
    found = find_film_hand(folder, film, finder())
    return [] if found is None else list(_pages(found, lesions, pixels))


def _pages(film: FilmHand, lesions: Sequence[int | None], pixels: int) -> Iterator[HandPage]:
    hand, to_film, margin = checked_hand(film), film.hand.to_source, margin_of(pixels)
    centres = np.array([hand.centres[site] for site in SITES])
    places = moved(inverse(view_affine(to_film, pixels, margin)), centres).astype(np.float32)
    for seed in lesions:
        damage, shown = np.zeros(len(SITES), np.float32), hand.pixels
        if seed is not None:
            damaged = damage_hand(hand, course_of_grades(seed, 1), seed)
            damage, shown = site_damage(damaged.grades), damaged.pixels
        yield hand_view(shown, to_film, pixels, margin), places, damage
