"""A centre's own readings as windows and grades: sites as the table places them, else as the finder finds them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from scoring.anatomy.hand_finder import HandFinder
from scoring.errors import LabelError
from scoring.learning.labelled_images import find_image, read_film
from scoring.learning.labels import ReadHand
from scoring.learning.progress import Progress, silent
from scoring.pixel_decoding import PixelDecoder
from scoring.score_rules.sharp_van_der_heijde import SITES
from scoring.systems.hand_joints.crop_book import CropBook, grade_table, hand_windows
from scoring.systems.hand_joints.preprocessing import Grey, HandFrame, frame_of, frame_of_centres

_HELD_OUT: Final = 5
"""One subject in five is kept for measuring."""


def reading_book(
    hands: Sequence[ReadHand], images: Path, finder: HandFinder, progress: Progress = silent
) -> tuple[CropBook, tuple[tuple[str, str], ...]]:
    """Windows of every hand that was found, and of which subject and visit each is.

    LabelError when an image is missing, or no hand of the table was found.
    """
    windows, grades, visits = [], [], []
    with PixelDecoder() as decoder:
        for number, hand in enumerate(hands, 1):
            pixels = read_film(find_image(images, hand.image), decoder)
            placed = _placed(pixels, hand, finder)
            if placed is not None:
                windows.append(hand_windows(placed[0], placed[1]))
                grades.append(grade_table(hand.grades))
                visits.append((hand.subject, hand.visit))
            progress("images of the readings searched", number, len(hands))
    if not windows:
        raise LabelError(f"On none of the {len(hands)} images that the table names a hand of its side was found.")
    return CropBook(np.stack(windows), np.stack(grades)), tuple(visits)


def split_by_subject(hands: Sequence[ReadHand]) -> tuple[list[ReadHand], list[ReadHand]]:
    """To learn from, and to measure on: whole subjects, every fifth in the order of their names."""
    subjects = sorted({hand.subject for hand in hands})
    if len(subjects) < 2:
        raise LabelError("The readings are of one subject; at least two are needed, one of them to measure on.")
    kept = set(subjects[_HELD_OUT - 1 :: _HELD_OUT] or subjects[-1:])
    return [h for h in hands if h.subject not in kept], [h for h in hands if h.subject in kept]


def _placed(pixels: Grey, hand: ReadHand, finder: HandFinder) -> tuple[Grey, HandFrame] | None:
    """The picture with bone bright, and where the hand's sites lie on it; ``None`` when it was not found."""
    if set(hand.centres) >= set(SITES):
        return pixels, frame_of_centres(hand.centres, hand.side)
    search = finder.find(pixels, hand.side)
    bright = np.asarray(1 - pixels, np.float32) if search.inverted else pixels
    found = [one for one in search.hands if one.side == hand.side]
    return (bright, frame_of(found[0])) if found else None
