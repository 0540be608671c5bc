"""A centre's own readings as hands with totals: the hand as the finder frames it, the total as its readers gave it."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum
from pathlib import Path

import numpy as np

from scoring.anatomy.hand_finder import HandFinder
from scoring.errors import LabelError
from scoring.learning.label import Label
from scoring.learning.labelled_images import find_image, read_film
from scoring.learning.progress import Progress, silent
from scoring.learning.read_hands import ReadHand, hands_of
from scoring.pixel_decoding import PixelDecoder
from scoring.score_rules.sharp_van_der_heijde import SITES, planned_sites
from scoring.systems.svdh_hands.hand_book import HandBook
from scoring.systems.svdh_hands.preprocessing import Views, hand_view, margin_of


def reading_book(labels: Sequence[Label], images: Path, pixels: int, progress: Progress = silent) -> HandBook:
    """Every hand that has a total and was found. LabelError when nothing is left.

    A hand with a site that no reader could grade has no total: nothing is made up for it.
    """
    read = [(hand, total) for hand in hands_of(labels) if (total := total_of(hand)) is not None]
    finder = HandFinder.open()
    views, kept = [], []
    with PixelDecoder() as decoder:
        for number, (hand, total) in enumerate(read, 1):
            seen = _view(hand, images, pixels, finder, decoder)
            if seen is not None:
                views.append(seen)
                kept.append((hand.subject, total))
            progress("images of the readings searched", number, len(read))
    if not views:
        raise LabelError(
            f"Of the {len(hands_of(labels))} hands of the table {len(read)} have a total or a grade at all "
            f"{planned_sites('R')} places, and on none of their images a hand of that side was found."
        )
    count, unknown = len(views), np.float32(np.nan)
    return HandBook(
        np.stack(views),
        np.array([total for _, total in kept], np.float32),
        np.full((count, len(SITES), 2), unknown),
        np.full((count, len(SITES)), unknown),
        tuple(subject for subject, _ in kept),
    )


def total_of(hand: ReadHand) -> float | None:
    """What readers wrote down as the sum, else the sum of their grades; None unless every place has one."""
    if hand.total is not None:
        return hand.total
    if len(hand.grades) < planned_sites(hand.side):
        return None
    return fsum(sorted(hand.grades.values()))


def _view(hand: ReadHand, images: Path, pixels: int, finder: HandFinder, decoder: PixelDecoder) -> Views | None:
    film = read_film(find_image(images, hand.image), decoder)
    search = finder.find(film, hand.side)
    found = search.hand_of(hand.side)
    return hand_view(search.bone_bright(film), found.to_source, pixels, margin_of(pixels)) if found else None
