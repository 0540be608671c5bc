"""What real hands with drawn damage add to phantoms: graders that learnt from either, on the same unseen hands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from scoring.agreement.bootstrap import Estimate, estimate
from scoring.agreement.correlation import pearson_correlation
from scoring.agreement.error_size import root_mean_square_error
from scoring.agreement.series import Floats
from scoring.agreement.weighted_kappa import quadratic_weighted_kappa
from scoring.learning.figures_file import Figures
from scoring.learning.progress import Progress, silent
from scoring.phantoms.damaged_hands.real_films import FilmHand
from scoring.score_rules.sharp_van_der_heijde import HIGHEST_GRADE, ITEMS, Item
from scoring.systems.hand_joints.crop_book import CropBook
from scoring.systems.hand_joints.damaged_films import damaged_book
from scoring.systems.hand_joints.evaluation import graded_book
from scoring.systems.hand_joints.healthy_films import healthy_book
from scoring.systems.hand_joints.lessons import Lessons
from scoring.systems.hand_joints.network import JointGrader
from scoring.systems.hand_joints.preprocessing import Grey

_FIRST_DAMAGED: Final = 940_000
"""Seeds of the damage that is drawn for measuring, far from those of training."""
_COURSES_A_FILM: Final = 2
_DRAWS: Final = 1000


@dataclass(frozen=True)
class UnseenSet:
    """Hands that no grader learnt from, and whose each is: a film, or a phantom."""

    measured_on: str
    book: CropBook
    owners: Sequence[object]


def unseen_sets(
    held_out: Sequence[FilmHand | None], phantoms: CropBook, progress: Progress = silent
) -> dict[str, UnseenSet]:
    """Damage drawn into the held-out films, unseen phantoms, and the held-out films as they are."""
    seen = [film for film in held_out if film is not None]
    films = [film.film for film in seen]
    drawn = damaged_book(seen, _COURSES_A_FILM, _FIRST_DAMAGED, progress)
    return {
        "damaged_films": UnseenSet(
            f"damage drawn into {len(films)} films held out of training, {_COURSES_A_FILM} courses of damage a film",
            drawn,
            films * _COURSES_A_FILM,
        ),
        "phantoms": UnseenSet(f"{len(phantoms)} unseen phantoms, true centres", phantoms, range(len(phantoms))),
        "healthy_films": UnseenSet(f"{len(films)} held-out films as they are", healthy_book(seen), films),
    }


def compared(graders: Mapping[Lessons, JointGrader], sets: Mapping[str, UnseenSet]) -> dict[str, Figures]:
    """Tables ``lessons.SET.KIND``: of every measure its value and the ends of its interval (95 %, films drawn anew).

    ``lessons.SET.difference``: the last kind less the first, on the same draws.
    """
    figures: dict[str, Figures] = {}
    for name, unseen in sets.items():
        figures[f"lessons.{name}"] = {"measured_on": unseen.measured_on}
        said = [graded_book(grader, unseen.book) for grader in graders.values()]
        for number, kind in enumerate(graders):
            figures[f"lessons.{name}.{kind}"] = {one.name: one.of(said[number]) for one in _asked(unseen)}
        figures[f"lessons.{name}.difference"] = {one.name: one.between(said[0], said[-1]) for one in _asked(unseen)}
    return figures


_Said = tuple[Grey, Grey]
"""Expected values and whole grades, each (n, 22, 2)."""


@dataclass(frozen=True)
class _Asked:
    """One measure of a set: of ``truth`` (rows,) and of what ``rows_of`` takes from a grader's answers."""

    name: str
    measure: Callable[[Floats, Floats], float]
    truth: Floats
    rows_of: Callable[[_Said], Floats]
    owners: Sequence[object]

    def of(self, said: _Said) -> list[float]:
        """Value, lower and upper end; NaN for what there is not."""
        return _ends(estimate(self.measure, [self.truth, self.rows_of(said)], self.owners, seed=1, resamples=_DRAWS))

    def between(self, first: _Said, last: _Said) -> list[float]:
        """How much more the last has than the first."""
        columns = [self.truth, self.rows_of(first), self.rows_of(last)]
        return _ends(estimate(self._gain, columns, self.owners, seed=1, resamples=_DRAWS))

    def _gain(self, truth: Floats, first: Floats, last: Floats) -> float:
        return self.measure(truth, last) - self.measure(truth, first)


def _asked(unseen: UnseenSet) -> list[_Asked]:
    """Kappa of each item, correlation and error of the sums of hands; of hands without damage only their sums."""
    grades = unseen.book.grades
    known = grades >= 0

    def sums(said: _Said) -> Floats:
        return np.asarray(np.where(known, said[0], 0).sum((1, 2)), np.float64)

    truth = np.where(known, grades, 0).sum((1, 2)).astype(np.float64)
    if not truth.any():
        return [
            _Asked("median_sum", lambda _, said: float(np.median(said)), truth, sums, unseen.owners),
            _Asked("percentile_90_sum", lambda _, said: float(np.percentile(said, 90)), truth, sums, unseen.owners),
        ]
    return [
        *(_kappa(item, column, unseen) for column, item in enumerate(ITEMS)),
        _Asked("pearson_correlation", pearson_correlation, truth, sums, unseen.owners),
        _Asked("root_mean_square_error", root_mean_square_error, truth, sums, unseen.owners),
    ]


def _kappa(item: Item, column: int, unseen: UnseenSet) -> _Asked:
    known = unseen.book.grades[..., column] >= 0

    def rows(table: Grey) -> Floats:
        return table[..., column][known].astype(np.float64)

    owners = [owner for owner, sites in zip(unseen.owners, known, strict=True) for _ in range(int(sites.sum()))]
    return _Asked(
        f"{item}_kappa",
        lambda truth, said: quadratic_weighted_kappa(truth, said, HIGHEST_GRADE[item]),
        rows(unseen.book.grades),
        lambda said: rows(said[1]),
        owners,
    )


def _ends(found: Estimate) -> list[float]:
    return [float("nan") if one is None else round(one, 4) for one in (found.value, found.lower, found.upper)]
