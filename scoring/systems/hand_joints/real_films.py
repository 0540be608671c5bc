"""Real hand films without arthritis: half are learnt from as grade 0, half are held out for measuring.

The films are the full-size ones of the RSNA Pediatric Bone Age Challenge 2017 (Halabi et al., Radiology
2018;290:498-503), of children; which film belongs to which half is written in ``real_films.csv``.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from PIL import Image

from scoring.anatomy.found_hand import FoundHand
from scoring.anatomy.hand_finder import HandFinder
from scoring.errors import LabelError
from scoring.learning.progress import Progress, silent
from scoring.score_rules.sharp_van_der_heijde import ITEMS, SITES
from scoring.systems.hand_joints.crop_book import NOT_GRADED, CropBook, grade_table, hand_windows
from scoring.systems.hand_joints.preprocessing import WINDOW, Grey, frame_of

Part = Literal["training", "held_out"]

DATA_SET: Final = (
    "RSNA Pediatric Bone Age Challenge 2017, healthy joints of children (Halabi SS et al. Radiology "
    "2018;290(2):498-503), non-commercial use"
)
_FOLDER: Final = Path("rsna-bone-age") / "images_full"
_SPLIT: Final = Path(__file__).with_name("real_films.csv")


@dataclass(frozen=True)
class FilmHand:
    """A hand that was found on a real film; ``pixels`` with bone bright."""

    film: str
    pixels: Grey
    hand: FoundHand


def films_for(part: Part) -> tuple[str, ...]:
    """Names of the films of one half."""
    with _SPLIT.open(encoding="utf-8", newline="") as file:
        return tuple(row["film"] for row in csv.DictReader(file) if row["used_for"] == part)


def find_film_hands(
    data: Path, films: Sequence[str], finder: HandFinder, progress: Progress = silent
) -> list[FilmHand | None]:
    """Search every film; ``None`` where no hand was found. LabelError when a film is not in the folder."""
    found: list[FilmHand | None] = []
    for number, film in enumerate(films, 1):
        path = data / _FOLDER / f"{film}.png"
        if not path.is_file():
            raise LabelError(f"The film {film}.png is not in {_FOLDER} of the data folder; see real_films.csv.")
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("L"), np.float32) / np.float32(255)
        search = finder.find(pixels)
        bright = np.asarray(1 - pixels, np.float32) if search.inverted else pixels
        found.append(FilmHand(film, bright, search.hands[0]) if search.is_hand and search.hands else None)
        progress("real films searched", number, len(films))
    return found


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
