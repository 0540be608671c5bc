"""What is measured of a grader: on unseen phantoms, on films held out of training, and where its heatmap points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scoring.anatomy.hand_finder import HandFinder
from scoring.anatomy.network_files import FOLDER, RECORD
from scoring.evaluation.damaged_joints import damaged_joints
from scoring.learning.data_sets import HEALTHY_JOINTS
from scoring.learning.figures_file import Figures
from scoring.learning.progress import Progress, silent
from scoring.phantoms.damaged_hands.real_films import FilmHand
from scoring.phantoms.hand import draw_hand
from scoring.systems.hand_joints.crop_book import CropBook, bound, grade_table, hand_windows, phantom_book
from scoring.systems.hand_joints.evaluation import (
    JITTER_PX,
    agreement_figures,
    graded_book,
    healthy_film_figures,
    kappa_by_site,
)
from scoring.systems.hand_joints.healthy_films import healthy_book
from scoring.systems.hand_joints.network import JointGrader
from scoring.systems.hand_joints.pointing import count_hits, count_hits_when_shuffled
from scoring.systems.hand_joints.preprocessing import Grey, frame_of
from scoring.weights import read_weights_record

_MEASURED_SEEDS: Final = range(900_000, 900_300)
_FOUND_SEEDS: Final = range(910_000, 910_100)
_POINTED: Final = 100


def measured_phantoms(progress: Progress = silent) -> CropBook:
    """Phantoms that no training ever draws."""
    return phantom_book(_MEASURED_SEEDS, 2, progress)


def demonstration_figures(
    grader: JointGrader,
    finder: HandFinder,
    unseen: CropBook,
    held_out: Sequence[FilmHand | None],
    progress: Progress = silent,
) -> dict[str, Figures]:
    """Everything that the model card says about one grader; ``unseen`` is the book of ``measured_phantoms``."""
    jittered = f"{len(unseen)} unseen phantom hands, true centres moved by chance (spread {JITTER_PX} crop pixels)"
    figures = against_truth("phantoms", jittered, unseen, *graded_book(grader, unseen, jitter_seed=1))
    found = _found_book(finder, progress)
    said = f"{len(found)} of {len(_FOUND_SEEDS)} unseen phantom films on which the hand finder found the hand"
    figures |= against_truth("phantoms_found", said, found, *graded_book(grader, found))
    films = healthy_book(held_out)
    measured: Figures = {"measured_on": f"films held out of training; {HEALTHY_JOINTS}"}
    healthy = healthy_film_figures(graded_book(grader, films)[0], films.grades >= 0, len(held_out))
    figures["healthy_films"] = measured | healthy
    return figures | {"pointing": _pointing(grader), "hand_finder": _finder_weights()}


def against_truth(name: str, measured_on: str, book: CropBook, expected: Grey, grade: Grey) -> dict[str, Figures]:
    """Figures of one set, named ``name``, ``name.erosion`` … with a sentence on what they were measured on."""
    figures: dict[str, Figures] = {name: {"measured_on": measured_on}}
    figures |= {f"{name}.{key}": table for key, table in agreement_figures(book.grades, expected, grade).items()}
    by_site = kappa_by_site(book.grades, grade)
    return figures | {f"{name}.kappa_by_site.{key}": table for key, table in by_site.items()}


def _found_book(finder: HandFinder, progress: Progress) -> CropBook:
    """Phantoms as the whole chain sees them: sites where the finder puts them."""
    pages: list[CropBook] = []
    for number, seed in enumerate(_FOUND_SEEDS, 1):
        phantom = draw_hand(seed)
        search = finder.find(phantom.pixels, phantom.side)
        if search.is_hand and search.hands:
            windows = hand_windows(phantom.pixels, frame_of(search.hands[0]))
            pages.append(CropBook(windows[None], grade_table(phantom.grades)[None]))
        progress("phantom films searched", number, len(_FOUND_SEEDS))
    return bound(pages)


def _finder_weights() -> Figures:
    """SHA-256 of the finder's weights: where sites lie, and so every figure of the whole chain, rests on them."""
    return {file.role: file.sha256 for file in read_weights_record(FOLDER / RECORD).files}


def _pointing(grader: JointGrader) -> Figures:
    joints = damaged_joints(_POINTED)
    return {
        "measured_on": "phantoms with one damaged joint (each item of it graded 2 or more), true centres",
        "phantoms": len(joints),
        "hottest_point_in_its_box": count_hits(grader, joints),
        "with_randomised_weights": count_hits_when_shuffled(grader, joints, seed=1),
    }
