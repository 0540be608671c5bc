"""What real hands with drawn damage add to phantoms: one network, three sets of lessons, the same unseen hands.

   python benchmarks/lessons_compared.py --data DIR [--phantoms 1200] [--epochs 12] [--lessons phantoms damaged_hands]

``--data``: the folder with rsna-bone-age. Each set is learnt with the same seed and epochs, and measured on damage
drawn into the films held out of training (two courses of damage a film), on unseen phantoms, and on the held-out
films as they are, whose sums ought to be 0. Intervals by drawing hands, of films by drawing films.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt

from scoring.agreement.bootstrap import estimate
from scoring.agreement.correlation import pearson_correlation
from scoring.agreement.error_size import root_mean_square_error
from scoring.agreement.weighted_kappa import quadratic_weighted_kappa
from scoring.anatomy.hand_finder import HandFinder
from scoring.learning.progress import progress_on_stderr
from scoring.networks.torch_start import start_torch
from scoring.phantoms.damaged_hands.real_films import films_for, find_film_hands
from scoring.score_rules.sharp_van_der_heijde import HIGHEST_GRADE, ITEMS, SITES
from scoring.systems.hand_joints.crop_book import CropBook, phantom_book
from scoring.systems.hand_joints.damaged_films import damaged_book
from scoring.systems.hand_joints.evaluation import graded_book
from scoring.systems.hand_joints.healthy_films import healthy_book
from scoring.systems.hand_joints.learning import learn
from scoring.systems.hand_joints.lessons import Lessons, lessons
from scoring.systems.hand_joints.network import JointGrader

SEED = 7
FIRST_PHANTOM, FIRST_UNSEEN, FIRST_DAMAGED = 8_000_000, 930_000, 940_000
COURSES_A_FILM = 2


def main() -> None:
    """Learn each set, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--phantoms", type=int, default=1200)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--lessons", nargs="+", choices=get_args(Lessons), default=list(get_args(Lessons)))
    parser.add_argument("--films", type=int, help="only so many of each half, to try it")
    asked = parser.parse_args()
    start_torch(1)
    finder = HandFinder.open()
    with progress_on_stderr() as progress:
        to_learn, held_out = (
            find_film_hands(asked.data, films_for(part)[: asked.films], finder, progress)
            for part in ("training", "held_out")
        )
        seen = [film for film in held_out if film is not None]
        sets = {
            "held-out films, damage drawn in": damaged_book(seen, COURSES_A_FILM, FIRST_DAMAGED, progress),
            "unseen phantoms": phantom_book(range(FIRST_UNSEEN, FIRST_UNSEEN + 100), 1, progress),
            "held-out films as they are": healthy_book(seen),
        }
        names = [film.film for film in seen]
        groups: list[Sequence[object]] = [names * COURSES_A_FILM, range(len(sets["unseen phantoms"])), names]
        phantoms = phantom_book(range(FIRST_PHANTOM, FIRST_PHANTOM + asked.phantoms), 1, progress)
        print("| lessons | measured on | measure | value (95 %) |\n| --- | --- | --- | --- |")
        for kind in asked.lessons:
            grader = learn(lessons(kind, phantoms, to_learn, SEED, progress), asked.epochs, SEED, progress)
            for (measured_on, book), hands in zip(sets.items(), groups, strict=True):
                for measure, value in measured(grader, book, hands):
                    print(f"| {kind} | {measured_on} | {measure} | {value} |", flush=True)


def measured(grader: JointGrader, book: CropBook, hands: Sequence[object]) -> list[tuple[str, str]]:
    """Kappa of each item, correlation and error of sums; of hands without damage only their sums."""
    expected, grade = graded_book(grader, book)
    known = book.grades >= 0
    truth, said = (np.where(known, table, 0).sum((1, 2)) for table in (book.grades, expected))
    if not truth.any():
        return [("median sum, ought to be 0", _estimated(lambda sums: float(np.median(sums)), [said], hands))]
    rows = []
    for column, item in enumerate(ITEMS):
        whose = np.repeat(np.arange(len(book)), len(SITES)).reshape(len(book), -1)[known[..., column]]
        columns = [table[..., column][known[..., column]] for table in (book.grades, grade)]
        kappa = _kappa(HIGHEST_GRADE[item])
        rows.append((f"{item}: quadratic weighted kappa", _estimated(kappa, columns, [hands[n] for n in whose])))
    rows.append(("sum of a hand: Pearson r", _estimated(pearson_correlation, [truth, said], hands)))
    return [*rows, ("sum of a hand: root mean square error", _estimated(root_mean_square_error, [truth, said], hands))]


def _kappa(highest: int) -> Callable[..., float]:
    return lambda truth, said: quadratic_weighted_kappa(truth, said, highest)


def _estimated(
    measure: Callable[..., float], columns: Sequence[npt.NDArray[np.float32]], hands: Sequence[object]
) -> str:
    found = estimate(measure, columns, list(hands), seed=SEED, resamples=1000)
    return "none" if found.value is None else f"{found.value:.3f} ({found.lower:.3f} to {found.upper:.3f})"


if __name__ == "__main__":
    main()
