"""How good the grader is, measured: against unseen phantoms or a centre's readings, and on healthy films."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.agreement.classification import share_within
from scoring.agreement.correlation import pearson_correlation
from scoring.agreement.error_size import bias, mean_absolute_error, root_mean_square_error
from scoring.agreement.limits_of_agreement import limits_of_agreement
from scoring.agreement.weighted_kappa import quadratic_weighted_kappa
from scoring.learning.figure_values import measured, rounded
from scoring.learning.figures_file import Figures
from scoring.score_rules.sharp_van_der_heijde import HIGHEST_GRADE, ITEMS, SITES, SITES_OF
from scoring.systems.hand_joints.crop_book import CropBook
from scoring.systems.hand_joints.grading import CropGrades, grade_crops
from scoring.systems.hand_joints.network import JointGrader
from scoring.systems.hand_joints.preprocessing import CROP, WINDOW, Grey, normalised

JITTER_PX: Final = 2.5
"""Spread of the error put on true centres on either axis, in crop pixels: about 0.011 hand breadths, 0.9 mm."""


def graded_book(grader: JointGrader, book: CropBook, jitter_seed: int | None = None) -> tuple[Grey, Grey]:
    """Expected values and whole grades, each (n, 22, 2), of a book's hands; with ``jitter_seed`` off their centres."""
    crops = book.crops() if jitter_seed is None else _jittered(book, jitter_seed)
    pages = [grade_crops(grader, page) for page in crops]
    return _table(pages, "expected"), _table(pages, "grade")


def agreement_figures(truth: Grey, expected: Grey, grade: Grey) -> dict[str, Figures]:
    """By item: kappa, accuracy, within one, mean absolute error; of the sums of a hand: r, error, bias, limits.

    All (n, 22, 2). Only what was graded in ``truth`` counts; a truth between two grades counts as the upper one.
    """
    figures: dict[str, Figures] = {}
    for column, item in enumerate(ITEMS):
        known = truth[..., column] >= 0
        wanted = np.floor(truth[..., column][known] + 0.5)
        said = grade[..., column][known]
        figures[item] = {
            "grades": int(known.sum()),
            "quadratic_weighted_kappa": measured(quadratic_weighted_kappa, wanted, said, HIGHEST_GRADE[item]),
            "accuracy": measured(share_within, wanted, said),
            "within_one_grade": measured(share_within, wanted, said, 1),
            "mean_absolute_error": measured(mean_absolute_error, wanted, expected[..., column][known]),
        }
    known = truth >= 0
    wanted, said = (np.where(known, table, 0).sum((1, 2)) for table in (truth, expected))
    figures["sum_of_a_hand"] = {
        "hands": len(truth),
        "pearson_correlation": measured(pearson_correlation, wanted, said),
        "root_mean_square_error": measured(root_mean_square_error, wanted, said),
        "bias": measured(bias, wanted, said),
        "lower_limit_of_agreement": measured(lambda *pair: limits_of_agreement(*pair).lower, wanted, said),
        "upper_limit_of_agreement": measured(lambda *pair: limits_of_agreement(*pair).upper, wanted, said),
    }
    return figures


def kappa_by_site(truth: Grey, grade: Grey) -> dict[str, Figures]:
    """Quadratic weighted kappa of each site, by item; sites whose truth never varies are left out."""
    figures: dict[str, Figures] = {}
    for column, item in enumerate(ITEMS):
        found: Figures = {}
        for site in SITES_OF[item]:
            wanted = truth[:, SITES.index(site), column]
            known = wanted >= 0
            said = grade[:, SITES.index(site), column][known]
            kappa = measured(quadratic_weighted_kappa, np.floor(wanted[known] + 0.5), said, HIGHEST_GRADE[item])
            if np.isfinite(kappa):
                found[site] = kappa
        figures[item] = found
    return figures


def healthy_film_figures(expected: Grey, seen: npt.NDArray[np.bool_], searched: int) -> Figures:
    """The sums that hands without disease are given, which ought to be 0: ``expected`` and ``seen`` (n, 22, 2)."""
    sums = np.where(seen, expected, 0).sum((1, 2))
    by_item = {item: np.where(seen, expected, 0)[..., n].sum(1) for n, item in enumerate(ITEMS)}
    return {
        "films": searched,
        "hands_found": len(sums),
        "sites_assessed": int(seen.any(2).sum()),
        "median_sum": rounded(np.median(sums)),
        "percentile_90_sum": rounded(np.percentile(sums, 90)),
        "highest_sum": rounded(sums.max()),
        "median_erosion_sum": rounded(np.median(by_item["erosion"])),
        "median_narrowing_sum": rounded(np.median(by_item["narrowing"])),
        "share_of_narrowing_of_half_a_grade": rounded((expected[..., 1][seen[..., 1]] >= 0.5).mean()),
    }


def _jittered(book: CropBook, seed: int) -> Grey:
    """(n, 22, CROP, CROP): crops a whole number of pixels off their centres, at random."""
    rim = (WINDOW - CROP) // 2
    off = np.random.default_rng(seed).normal(0, JITTER_PX, (len(book), len(SITES), 2))
    first = np.clip(np.rint(off), -rim, rim).astype(int) + rim
    cut = [
        book.windows[h, s, first[h, s, 1] : first[h, s, 1] + CROP, first[h, s, 0] : first[h, s, 0] + CROP]
        for h in range(len(book))
        for s in range(len(SITES))
    ]
    crops = normalised(np.stack(cut).astype(np.float32))
    return crops.reshape(len(book), len(SITES), CROP, CROP)


def _table(pages: Sequence[CropGrades], kind: str) -> Grey:
    """(n, 22, 2) from what was said of every hand."""
    columns = [np.stack([getattr(page, kind)[item] for page in pages]) for item in ITEMS]
    return np.stack(columns, 2).astype(np.float32)
