"""The hands that a course of a recipe wants drawn: phantoms, and real hands with damage drawn into them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from scoring.learning.progress import Progress, silent
from scoring.phantoms.damaged_hands.real_films import films_for
from scoring.systems.svdh_hands.film_book import film_book
from scoring.systems.svdh_hands.hand_book import HandBook, bound, phantom_book
from scoring.systems.svdh_hands.training_recipe import HandPhase

_FIRST_LESION: Final = 500_000
"""Seeds of what is drawn into real hands begin so far after those of phantoms."""
_AS_FILMED: Final = 4
"""Every fourth real hand is left as it is: so that to look like a real film is no sign of damage."""


def drawn_hands(
    course: HandPhase, pixels: int, first: int, films: Path | None, workers: int = 1, progress: Progress = silent
) -> HandBook | None:
    """Hands with seeds from ``first`` on; None where the course wants none.

    Real hands come from the training half of ``films``, the data set's folder, and are left out without it.
    """
    books: list[HandBook] = []
    if course.hands:
        books.append(phantom_book(range(first, first + course.hands), pixels, workers, progress))
    if course.damaged and films is not None:
        real = films_for("training")
        books.append(film_book(films, real, _lesions(course.damaged, len(real), first), pixels, workers, progress))
    return bound(books) if books else None


def _lesions(hands: int, films: int, first: int) -> list[int | None]:
    """What is drawn into each hand; from round to round it is another film that is left as it is."""
    seeds = range(first + _FIRST_LESION, first + _FIRST_LESION + hands)
    return [None if (n + n // films) % _AS_FILMED == 0 else seed for n, seed in enumerate(seeds)]
