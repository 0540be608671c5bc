"""How well capillaries are found and measured: tables of figures from pictures whose truth is known.

Lengths are micrometres and densities per millimetre where no name says otherwise. All but the first table are of sharp
pictures that were measured.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from scoring.agreement.correlation import pearson_correlation
from scoring.agreement.error_size import bias, mean_absolute_error
from scoring.agreement.f1_score import label_f1
from scoring.capillaroscopy.loop_matching import MatchedLoops, matched_loops
from scoring.capillaroscopy.picture_measures import Interval, NotMeasured, PictureMeasures
from scoring.capillaroscopy.unseen_pictures import MeasuredPicture
from scoring.learning.figure_values import rounded
from scoring.learning.figures_file import Figures
from scoring.score_rules.nailfold_labels import ENLARGED_FROM_UM, GIANT_ABOVE_UM, LOW_DENSITY_BELOW_PER_MM
from scoring.uncertainty.calibration import LEVEL

_TONES: Final = ("light", "medium", "dark")

Measured = tuple[MeasuredPicture, PictureMeasures]
"""A sharp picture that was measured, and its measures."""


def figures(pictures: Sequence[MeasuredPicture]) -> dict[str, Figures]:
    """Every table, by its name."""
    sharp = [(p, p.found) for p in pictures if not p.too_blurry and isinstance(p.found, PictureMeasures)]
    tables = {"pictures": _counts(pictures), **_measures(sharp), **_intervals(sharp)}
    tables |= {f"by_tone.{tone}": _of_tone([one for one in sharp if one[0].tone == tone]) for tone in _TONES}
    return tables


def _counts(pictures: Sequence[MeasuredPicture]) -> Figures:
    """Which pictures gave measures; what is too blurry should not."""
    blurry = [p for p in pictures if p.too_blurry]
    sharp = [p for p in pictures if not p.too_blurry]
    why = Counter(p.found.reason for p in sharp if isinstance(p.found, NotMeasured))
    return {
        "patients": len({p.patient for p in pictures}),
        "sharp": len(sharp),
        "sharp_measured": len(sharp) - why.total(),
        **{f"sharp_said_to_be_{reason}": count for reason, count in sorted(why.items())},
        "too_blurry": len(blurry),
        "too_blurry_not_measured": sum(isinstance(p.found, NotMeasured) for p in blurry),
    }


def _measures(sharp: Sequence[Measured]) -> dict[str, Figures]:
    matched = [matched_loops(picture, found.loops) for picture, found in sharp]
    distances = np.concatenate([one.distances_um for one in matched])
    true, said = _densities(sharp)
    return {
        "apices": {
            "capillaries": sum(one.true for one in matched),
            **recall_and_precision(matched),
            "median_distance": rounded(np.median(distances)),
            "p95_distance": rounded(np.percentile(distances, 95)),
        },
        "density": {
            "mean_absolute_error": rounded(mean_absolute_error(true, said)),
            "bias": rounded(bias(true, said)),
            "correlation": rounded(pearson_correlation(true, said)),
            "row_mean_absolute_error_mm": rounded(
                mean_absolute_error([p.row_mm for p, _ in sharp], [m.row_mm for _, m in sharp])
            ),
        },
        "diameter": _diameters(matched),
        "widest": _widest(sharp),
        "giant": as_label([_true_widest(p) > GIANT_ABOVE_UM for p, _ in sharp], [m.giant for _, m in sharp]),
        "low_density": as_label(_low(sharp), [m.low_density for _, m in sharp]),
    }


def recall_and_precision(matched: Sequence[MatchedLoops]) -> Figures:
    """Of all these pictures together."""
    pairs = sum(len(one.distances_um) for one in matched)
    return {
        "recall": rounded(pairs / sum(one.true for one in matched)),
        "precision": rounded(pairs / sum(one.found for one in matched)),
    }


def _diameters(matched: Sequence[MatchedLoops]) -> Figures:
    """Of capillaries that were found, by their true diameter."""
    true, said = (np.concatenate([getattr(one, name) for one in matched]) for name in ("true_um", "found_um"))
    classes = {
        "all": true > 0,
        "normal": true < ENLARGED_FROM_UM,
        "enlarged": (true >= ENLARGED_FROM_UM) & (true <= GIANT_ABOVE_UM),
        "giant": true > GIANT_ABOVE_UM,
    }
    table: Figures = {}
    for name, chosen in classes.items():
        table[f"{name}_capillaries"] = int(chosen.sum())
        table[f"{name}_mean_absolute_error"] = rounded(mean_absolute_error(true[chosen], said[chosen]))
        table[f"{name}_bias"] = rounded(bias(true[chosen], said[chosen]))
    return table


def _widest(sharp: Sequence[Measured]) -> Figures:
    true, said = [_true_widest(p) for p, _ in sharp], [m.widest_um or 0.0 for _, m in sharp]
    return {
        "mean_absolute_error": rounded(mean_absolute_error(true, said)),
        "bias": rounded(bias(true, said)),
        "correlation": rounded(pearson_correlation(true, said)),
    }


def _intervals(sharp: Sequence[Measured]) -> dict[str, Figures]:
    """How often the truth lies in the interval; a picture without one counts as not covered."""
    true, _ = _densities(sharp)
    widest = [(_true_widest(p), m.widest_interval) for p, m in sharp if m.widest_um is not None]
    return {
        "intervals.density": _coverage(zip(true, (m.density_interval for _, m in sharp), strict=True)),
        "intervals.widest": _coverage(widest),
    }


def _coverage(pairs: Iterable[tuple[float, Interval | None]]) -> Figures:
    held = [(found is not None and found[0] <= true <= found[1], found) for true, found in pairs]
    return {
        "level": LEVEL,
        "coverage": rounded(np.mean([inside for inside, _ in held])),
        "median_breadth": rounded(np.median([found[1] - found[0] for _, found in held if found is not None])),
    }


def _of_tone(sharp: Sequence[Measured]) -> Figures:
    true, said = _densities(sharp)
    return {
        "pictures": len(sharp),
        **recall_and_precision([matched_loops(picture, found.loops) for picture, found in sharp]),
        "density_mean_absolute_error": rounded(mean_absolute_error(true, said)),
        "widest_mean_absolute_error": _widest(sharp)["mean_absolute_error"],
        "giant_f1": as_label([_true_widest(p) > GIANT_ABOVE_UM for p, _ in sharp], [m.giant for _, m in sharp])["f1"],
        "low_density_f1": as_label(_low(sharp), [m.low_density for _, m in sharp])["f1"],
    }


def as_label(true: Sequence[bool], said: Sequence[bool]) -> Figures:
    """F1, and what it is to be seen beside."""
    measured = label_f1(np.asarray(true, int), np.asarray(said, int))
    return {
        "f1": rounded(measured.f1),
        "prevalence": rounded(measured.prevalence),
        "always_yes_f1": rounded(measured.always_yes_f1),
    }


def _densities(sharp: Sequence[Measured]) -> tuple[list[float], list[float]]:
    return [p.density_per_mm for p, _ in sharp], [m.density_per_mm for _, m in sharp]


def _low(sharp: Sequence[Measured]) -> list[bool]:
    return [picture.density_per_mm < LOW_DENSITY_BELOW_PER_MM for picture, _ in sharp]


def _true_widest(picture: MeasuredPicture) -> float:
    return picture.widest_um or 0.0
