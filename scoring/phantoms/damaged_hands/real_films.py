"""Real hand films without arthritis: one half is learnt from, the other is held out for measuring.

The films are the full-size ones of the RSNA Pediatric Bone Age Challenge 2017 (Halabi et al., Radiology
2018;290:498-503), of children; ``real_films.csv`` says to which half a film belongs, and which of its sites are not
drawn into.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

import numpy as np
from PIL import Image

from scoring.anatomy.found_hand import FoundHand
from scoring.anatomy.hand_finder import HandFinder
from scoring.errors import LabelError
from scoring.learning.progress import Progress, silent
from scoring.phantoms.damaged_hands.real_hand import Grey, RealHand, real_hand
from scoring.phantoms.simulated_readers import WRIST_SITES
from scoring.score_rules.sharp_van_der_heijde import SITES

Part = Literal["training", "held_out"]

FILMS: Final = Path("rsna-bone-age")
"""Their folder below that of all data."""
FULL_SIZE: Final = "images_full"
_TABLE: Final = Path(__file__).with_name("real_films.csv")


@dataclass(frozen=True)
class FilmHand:
    """A hand that was found on a real film; ``pixels`` with bone bright."""

    film: str
    pixels: Grey
    hand: FoundHand


def films_for(part: Part) -> tuple[str, ...]:
    """Names of the films of one half."""
    return tuple(row["film"] for row in _rows() if row["used_for"] == part)


def find_film_hands(
    data: Path, films: Sequence[str], finder: HandFinder, progress: Progress = silent
) -> list[FilmHand | None]:
    """Search every film; ``None`` where no hand was found. LabelError when a film is not in the folder."""
    found: list[FilmHand | None] = []
    for number, film in enumerate(films, 1):
        found.append(find_film_hand(data / FILMS, film, finder))
        progress("real films searched", number, len(films))
    return found


def find_film_hand(folder: Path, film: str, finder: HandFinder) -> FilmHand | None:
    """The hand of one film of the data set's folder; as ``find_film_hands``."""
    path = folder / FULL_SIZE / f"{film}.png"
    if not path.is_file():
        raise LabelError(f"The film {film}.png is not in {FILMS / FULL_SIZE} of the data folder; see {_TABLE.name}.")
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("L"), np.float32) / np.float32(255)
    search = finder.find(pixels)
    if not search.is_hand or not search.hands:
        return None
    return FilmHand(film, np.asarray(1 - pixels, np.float32) if search.inverted else pixels, search.hands[0])


def checked_hand(film: FilmHand) -> RealHand:
    """The hand as damage may be drawn into it: without the sites that the eye found unfit."""
    return real_hand(film.film, film.pixels, film.hand).without(left_alone().get(film.film, frozenset()))


@lru_cache(maxsize=1)
def left_alone() -> dict[str, frozenset[str]]:
    """By film, the sites that are not drawn into: looked through by eye, they are no healthy joint that is seen well.

    Plaster, two exposures on one film, a dysplasia, fingers that are bent, wrists without bones to draw into.
    """
    return {row["film"]: frozenset(_sites(row["left_alone"].split())) for row in _rows()}


def _rows() -> list[dict[str, str]]:
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _sites(words: Sequence[str]) -> Iterator[str]:
    """``all``, ``wrist``, or how names of sites begin."""
    for word in words:
        for site in SITES:
            if word == "all" or (word == "wrist" and site in WRIST_SITES) or site.startswith(word):
                yield site
