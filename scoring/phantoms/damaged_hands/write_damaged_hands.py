"""Draw damage into the hands of a folder of films, and write pictures and truth in the columns of readings."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from scoring.anatomy.hand_finder import HandFinder
from scoring.errors import ImageTooLargeError, ImageUnreadableError, LabelError
from scoring.learning.label_table import write_label_table
from scoring.learning.labelled_images import PICTURES, read_film
from scoring.phantoms.damaged_hands.damaged_hand import DamagedHand, damage_hand
from scoring.phantoms.damaged_hands.real_hand import Grey, RealHand, real_hand
from scoring.phantoms.damaged_hands.visits import course_of_grades, exposed_again
from scoring.phantoms.simulated_readers import simulated_readers, simulated_readings
from scoring.phantoms.truth import TruthRow, truth_rows, write_truth
from scoring.pixel_decoding import PixelDecoder
from scoring.whole_file import make_folder

NOT_GRADED: Final = "not_graded.csv"
"""Osteophytes and subluxations: where they are, for they have no item of their own in this score."""
_DICOM: Final = {".dcm", ".dicom", ".ima", ""}
_EIGHT_BITS: Final = 255


def write_damaged_hands(
    films: Path, out: Path, number: int, seed: int, *, visits: int = 1, readers: int = 0
) -> Iterator[Path]:
    """Write ``number`` courses of ``visits`` pictures each, film after film, then ``truth.csv`` and ``not_graded.csv``.

    The subject of a row is its film's name, so that no split parts pictures of one hand. A film that is drawn into
    again is another course: its visits are named ``2.1``, ``2.2`` and so on.

    Yields each path as it is written. LabelError when the folder holds no film with a hand.
    """
    paths = [path for path in sorted(films.iterdir()) if path.is_file() and path.suffix.lower() in PICTURES | _DICOM]
    make_folder(out)
    rows: list[TruthRow] = []
    others: list[tuple[str, str, str, str]] = []
    for drawn, (round_, of_film) in enumerate(islice(_round_and_round(paths, films.name), number)):
        for visit in range(visits):
            damaged = damaged_film(of_film, seed + drawn, visit)
            path = out / f"damaged-{seed + drawn}-{visit + 1}.png"
            _save(path, damaged[0].pixels, of_film[0].pixels)
            for hand in damaged:
                rows += truth_rows(hand, hand.name, f"{round_}.{visit + 1}", path.name)
                others += [(path.name, hand.side, site, "osteophyte") for site in hand.spurs]
                others += [(path.name, hand.side, site, "subluxation") for site in hand.subluxed]
            yield path
    write_truth(out / "truth.csv", rows)
    yield out / "truth.csv"
    _write_others(out / NOT_GRADED, others)
    yield out / NOT_GRADED
    if readers:
        write_label_table(out / "readings.csv", simulated_readings(rows, simulated_readers(readers, seed), seed))
        yield out / "readings.csv"


def damaged_film(hands: Sequence[RealHand], seed: int, visit: int = 0) -> list[DamagedHand]:
    """All hands of one film at a visit, counted from 0; each has its own course of grades, both share the film."""
    pixels = hands[0].pixels
    damaged: list[DamagedHand] = []
    for number, hand in enumerate(hands):
        own = 2 * seed + number
        one = damage_hand(replace(hand, pixels=pixels), course_of_grades(own, visit + 1), own)
        pixels = one.pixels
        damaged.append(one)
    damaged = [replace(one, pixels=pixels) for one in damaged]
    return exposed_again(damaged, seed, visit) if visit else damaged


def _round_and_round(paths: Sequence[Path], folder: str) -> Iterator[tuple[int, list[RealHand]]]:
    """Every film's hands, again and again, with the number of the round. One film is held at a time."""
    finder = HandFinder.open()
    left = list(paths)
    with PixelDecoder() as decoder:
        for round_ in count(1):
            with_hands = []
            for path in left:
                if found := _hands_of_film(path, finder, decoder):
                    with_hands.append(path)
                    yield round_, found
            left = with_hands
            if not left:
                raise LabelError(f"{folder} holds no film on which a hand was found: {len(paths)} files were searched.")


def _hands_of_film(path: Path, finder: HandFinder, decoder: PixelDecoder) -> list[RealHand]:
    """One hand of each side at most; none when the file is no film that can be read."""
    try:
        pixels = read_film(path, decoder)
    except (ImageUnreadableError, ImageTooLargeError):
        return []
    search = finder.find(pixels)
    bright = search.bone_bright(pixels)
    by_side = {found.side: real_hand(path.stem, bright, found) for found in search.hands if search.is_hand}
    return list(by_side.values())


def _save(path: Path, pixels: Grey, film: Grey) -> None:
    """As deep as the film was: 8 or 16 bits."""
    if np.allclose(film[::7] * _EIGHT_BITS, np.rint(film[::7] * _EIGHT_BITS), atol=1e-3):
        Image.fromarray(np.rint(pixels * _EIGHT_BITS).astype(np.uint8)).save(path)
    else:
        Image.fromarray(np.rint(pixels * 65535).astype(np.uint16)).save(path)


def _write_others(path: Path, others: Sequence[tuple[str, str, str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("image", "side", "site", "what"))
        writer.writerows(others)
