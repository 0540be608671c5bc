"""What the demonstration weights learn from: phantoms alone, or with real films, as they are and drawn into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from scoring.learning.progress import Progress, silent
from scoring.phantoms.damaged_hands.real_films import FilmHand
from scoring.systems.hand_joints.crop_book import CropBook
from scoring.systems.hand_joints.crop_material import Source
from scoring.systems.hand_joints.damaged_films import damaged_book
from scoring.systems.hand_joints.healthy_films import healthy_book

Lessons = Literal["phantoms", "damaged_hands"]
"""Phantoms alone; with healthy films and damage drawn into whole hands."""

PACKAGED: Final[Lessons] = "damaged_hands"
"""What the packaged weights learnt from."""

_SHOWS_OF_A_FILM: Final = 4
"""A film's crops are shown this often an epoch, and as often drawn into: one crop in five is real."""


def lessons(
    kind: Lessons, phantoms: CropBook, films: Sequence[FilmHand | None], seed: int, progress: Progress = silent
) -> list[Source]:
    """The sources of a course; real hands are shown as often without damage as with it."""
    if kind == "phantoms":
        return [Source(phantoms)]
    drawn = damaged_book(films, _SHOWS_OF_A_FILM, seed, progress)
    return [Source(phantoms), Source(healthy_book(films), _SHOWS_OF_A_FILM), Source(drawn)]
