"""What training measured of the grader (figures.toml), in the words of its model card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from scoring.anatomy.figures_in_words import figures_in_words as finder_figures_in_words
from scoring.learning.figures_file import FIGURES_FILE, read_figures

_FOLDER: Final = Path(__file__).parent
_STATED: Final = {
    "hand": "sum of a hand",
    "both": "total of both hands",
    "erosion": "set of erosion grades",
    "narrowing": "set of narrowing grades",
}
_AGREEMENTS: Final = {
    "phantoms": "Unseen phantoms",
    "phantoms_found": "Unseen phantoms, the whole chain",
    "readings": "Readings of subjects that were not learnt from",
}
_LESSONS: Final = {"phantoms": "phantoms alone", "damaged_hands": "with damaged hands", "difference": "difference"}
_MEASURES: Final = {
    "erosion_kappa": "erosion: quadratic weighted kappa",
    "narrowing_kappa": "narrowing: quadratic weighted kappa",
    "pearson_correlation": "sum of a hand: Pearson r",
    "root_mean_square_error": "sum of a hand: root mean square error",
    "median_sum": "sum of a hand, ought to be 0: median",
    "percentile_90_sum": "sum of a hand, ought to be 0: 90th percentile",
}


def figures_in_words(folder: Path) -> str:
    """The figures of the packaged weights or of a run, as Markdown; empty where it left none."""
    if not (folder / FIGURES_FILE).exists():
        return ""
    figures = read_figures(folder)
    run = figures["training"]
    lines = [f"{run['hands']} hands, {run['epochs']} epochs, seed {run['seed']}. All figures are in `{FIGURES_FILE}`."]
    for name, title in _AGREEMENTS.items():
        if name in figures:
            lines += ["", f"### {title}", "", f"{figures[name]['measured_on']}.", "", *_agreement_rows(figures[name])]
    if "phantoms_found" in figures:
        lines += _site_rows(figures["phantoms_found"])
    lines += ["", *(line for line in finder_figures_in_words() if not line.startswith("![") or folder == _FOLDER)]
    for name, rows in (
        ("intervals", _interval_rows),
        ("healthy_films", _film_rows),
        ("lessons", _lesson_rows),
        ("pointing", _pointing_rows),
    ):
        if name in figures:
            lines += rows(figures)
    return "\n".join(lines)


def _agreement_rows(table: Mapping[str, Any]) -> list[str]:
    rows = [
        "| item | grades | quadratic weighted kappa | accuracy | within one grade | mean absolute error |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for item in ("erosion", "narrowing"):
        one = table[item]
        rows.append(
            f"| {item} | {one['grades']} | {one['quadratic_weighted_kappa']:.3f} | {one['accuracy']:.3f} | "
            f"{one['within_one_grade']:.3f} | {one['mean_absolute_error']:.3f} |"
        )
    total = table["sum_of_a_hand"]
    rows += [
        "",
        f"Sum of a hand (0-140) over {total['hands']} hands: Pearson r {total['pearson_correlation']:.4f}, "
        f"root mean square error {total['root_mean_square_error']:.2f}, bias {total['bias']:+.2f}, "
        f"95 % limits of agreement {total['lower_limit_of_agreement']:+.1f} to "
        f"{total['upper_limit_of_agreement']:+.1f}.",
    ]
    return rows


def _site_rows(table: Mapping[str, Any]) -> list[str]:
    by_site = table["kappa_by_site"]
    sites = list(dict.fromkeys([*by_site["erosion"], *by_site["narrowing"]]))
    rows = ["", "| site | kappa, erosion | kappa, narrowing |", "| --- | --- | --- |"]
    for site in sites:
        cells = [f"{by_site[item][site]:.2f}" if site in by_site[item] else "" for item in ("erosion", "narrowing")]
        rows.append(f"| {site} | {' | '.join(cells)} |")
    return rows


def _film_rows(figures: Mapping[str, Any]) -> list[str]:
    films = figures["healthy_films"]
    return [
        "",
        "### Real films without arthritis",
        "",
        f"{films['measured_on'][0].upper()}{films['measured_on'][1:]}. The whole chain; every sum ought to be 0.",
        "",
        f"Hand found on {films['hands_found']} of {films['films']} films, {films['sites_assessed']} sites assessed. "
        f"Sum of a hand (0-140): median {films['median_sum']:.1f}, 90th percentile {films['percentile_90_sum']:.1f}, "
        f"highest {films['highest_sum']:.1f}; erosion alone {films['median_erosion_sum']:.1f}, narrowing alone "
        f"{films['median_narrowing_sum']:.1f} at the median. Expected narrowing of half a grade or more at "
        f"{100 * films['share_of_narrowing_of_half_a_grade']:.1f} % of the sites.",
    ]


def _lesson_rows(figures: Mapping[str, Any]) -> list[str]:
    """What damage drawn into real hands added: both graders and their difference, on the same unseen hands."""
    rows = [
        "",
        "### Phantoms alone, or with damage drawn into real hands?",
        "",
        "Two graders of one seed and equal epochs on hands that neither learnt from; in brackets 95 % intervals over "
        "films or phantoms. The packaged one is the second. Drawings, not disease.",
    ]
    for table in figures["lessons"].values():
        kinds = {words: table[kind] for kind, words in _LESSONS.items()}
        rows += ["", f"{table['measured_on'][0].upper()}{table['measured_on'][1:]}:", ""]
        rows += [f"| measure | {' | '.join(kinds)} |", f"| --- |{' --- |' * len(kinds)}"]
        for key, words in _MEASURES.items():
            if all(key in one for one in kinds.values()):
                rows.append(f"| {words} | {' | '.join(_with_interval(one[key]) for one in kinds.values())} |")
    return rows


def _with_interval(ends: Sequence[float]) -> str:
    value, lower, upper = (f"{round(end, 3) + 0.0:.3f}" for end in ends)  # no minus before a zero
    return f"{value} ({lower} to {upper})"


def _pointing_rows(figures: Mapping[str, Any]) -> list[str]:
    pointing = figures["pointing"]
    return [
        "",
        "### The heatmap",
        "",
        f"On {pointing['phantoms']} {pointing['measured_on']}: the film's hottest point lies in that joint's box on "
        f"{pointing['hottest_point_in_its_box']}; with randomised weights on {pointing['with_randomised_weights']}.",
    ]


def _interval_rows(figures: Mapping[str, Any]) -> list[str]:
    """Coverage of the calibration, with its interval, by score band."""
    intervals = figures["intervals"]
    rows = [
        "",
        "### Intervals and sets of grades",
        "",
        f"Split-conformal at {100 * intervals['level']:.0f} %, calibrated on {intervals['measured_on']}. They hold for "
        "hands like these, not for patients. Coverage is measured in five turns, each on patients whom its intervals "
        "were not learnt from; in brackets its 95 % interval over patients.",
        "",
        "| what | rows | coverage | mean width |",
        "| --- | --- | --- | --- |",
    ]
    for name, words in _STATED.items():
        if name in intervals:
            one = intervals[name]
            covered = f"{one['coverage']:.3f} ({one['lower']:.3f} to {one['upper']:.3f})"
            rows.append(f"| {words} | {one['rows']} | {covered} | {one['mean_width']:.2f} |")
    for name in ("hand", "both"):
        if name in intervals:
            bands = intervals[name]["by_band"]
            told = (f"{k[5:]}: {v:.2f} of {bands[f'rows_{k}']}" for k, v in bands.items() if k.startswith("from_"))
            rows += ["", f"Coverage of the {_STATED[name]} where at least so much was said: {', '.join(told)}."]
    return rows
