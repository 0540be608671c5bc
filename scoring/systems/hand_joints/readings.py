"""A centre's own readings as windows and grades: sites as the table places them, else as the finder finds them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from scoring.anatomy.hand_finder import HandFinder
from scoring.errors import LabelError
from scoring.learning.labelled_images import find_image, read_film
from scoring.learning.progress import Progress, silent
from scoring.learning.read_hands import ReadHand
from scoring.pixel_decoding import PixelDecoder
from scoring.score_rules.sharp_van_der_heijde import SITES
from scoring.systems.hand_joints.crop_book import CropBook, grade_table, hand_windows
from scoring.systems.hand_joints.preprocessing import Grey, HandFrame, frame_of, frame_of_centres


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


def _placed(pixels: Grey, hand: ReadHand, finder: HandFinder) -> tuple[Grey, HandFrame] | None:
    """The picture with bone bright, and where the hand's sites lie on it; ``None`` when it was not found."""
    if set(hand.centres) >= set(SITES):
        return pixels, frame_of_centres(hand.centres, hand.side)
    search = finder.find(pixels, hand.side)
    found = search.hand_of(hand.side)
    return (search.bone_bright(pixels), frame_of(found)) if found else None
