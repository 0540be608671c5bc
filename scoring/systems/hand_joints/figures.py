"""The measured figures of a training run, which ``figures.toml`` holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scoring.agreement.correlation import pearson_correlation
from scoring.anatomy.hand_finder import HandFinder
from scoring.anatomy.network_files import FOLDER, RECORD
from scoring.evaluation.damaged_joints import damaged_joints
from scoring.learning.progress import Progress, silent
from scoring.phantoms.damaged_hands.real_films import DATA_SET, FilmHand
from scoring.phantoms.hand import draw_hand
from scoring.systems.hand_joints.crop_book import CropBook, bound, grade_table, hand_windows, phantom_book
from scoring.systems.hand_joints.drawn_erosions import with_drawn_erosions
from scoring.systems.hand_joints.evaluation import (
    JITTER_PX,
    Figures,
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

MEASURED_SEEDS: Final = range(900_000, 900_300)
"""Phantoms that no training ever draws."""
_FOUND_SEEDS: Final = range(910_000, 910_100)
_DRAWN_SEED: Final = 900_000_000
_POINTED: Final = 100


def demonstration_figures(
    grader: JointGrader, finder: HandFinder, held_out: Sequence[FilmHand | None], progress: Progress = silent
) -> dict[str, Figures]:
    """Everything that the model card says about the demonstration weights."""
    unseen = phantom_book(MEASURED_SEEDS, 2, progress)
    jittered = f"{len(unseen)} unseen phantom hands, true centres moved by chance (spread {JITTER_PX} crop pixels)"
    figures = against_truth("phantoms", jittered, unseen, *graded_book(grader, unseen, jitter_seed=1))
    found = _found_book(finder, progress)
    said = f"{len(found)} of {len(_FOUND_SEEDS)} unseen phantom films on which the hand finder found the hand"
    figures |= against_truth("phantoms_found", said, found, *graded_book(grader, found))
    films = healthy_book(held_out)
    measured: Figures = {"measured_on": f"films held out of training; {DATA_SET}"}
    healthy = healthy_film_figures(graded_book(grader, films)[0], films.grades >= 0, len(held_out))
    figures["healthy_films"] = measured | healthy
    figures["drawn_erosions"] = _drawn_figures(grader, films)
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


def _drawn_figures(grader: JointGrader, healthy: CropBook) -> Figures:
    """Whether damage would be seen on a real film, as far as a drawing can tell."""
    drawn = with_drawn_erosions(healthy, copies=1, seed=_DRAWN_SEED)
    there = drawn.grades[..., 0] > 0
    before, after = (graded_book(grader, book)[0][..., 0][there] for book in (healthy, drawn))
    return {
        "measured_on": "erosions of grade 1 to 4 drawn into joints of the held-out films",
        "sites": int(there.sum()),
        "mean_drawn_grade": round(float(drawn.grades[..., 0][there].mean()), 4),
        "mean_expected_grade": round(float(after.mean()), 4),
        "mean_expected_grade_before": round(float(before.mean()), 4),
        "correlation": round(pearson_correlation(drawn.grades[..., 0][there], after), 4),
    }


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
