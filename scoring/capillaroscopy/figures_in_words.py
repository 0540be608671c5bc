"""What ``capillary_figures.toml`` says, in Markdown: for the model card and for the documents. No torch."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

FIGURES_FILE: Final = "capillary_figures.toml"
_FIGURES: Final = Path(__file__).with_name(FIGURES_FILE)
_WRITING: Final = {"stamp": '"PHANTOM" in a corner', "software": "words, dates, scale bars, arrows, distances"}
_SIZES: Final = {"normal": "under 20 µm", "enlarged": "20 to 50 µm", "giant": "over 50 µm"}


def measures_in_words() -> list[str]:
    """Markdown lines, three tables among them; every number is read from the file that the evaluation writes."""
    told = tomllib.loads(_FIGURES.read_text(encoding="utf-8"))
    pictures, apices, density = told["pictures"], told["apices"], told["density"]
    diameter, widest, intervals = told["diameter"], told["widest"], told["intervals"]
    return [
        f"Measured on {pictures['patients']} drawn patients, two pictures each, that neither training nor calibration "
        f"knew. Of {pictures['sharp']} sharp pictures {pictures['sharp_measured']} gave measures; of "
        f"{pictures['too_blurry']} that are too blurry {pictures['too_blurry_not_measured']} gave none, as they "
        "should. What follows is of the sharp ones that were measured.",
        "",
        "| what | figure |",
        "| --- | --- |",
        f"| capillaries in sight | {apices['capillaries']} |",
        f"| found (recall) | {apices['recall']:.3f} |",
        f"| found ones that are capillaries (precision) | {apices['precision']:.3f} |",
        f"| distance from the true tip, median and 95th percentile | {apices['median_distance']:.1f} µm, "
        f"{apices['p95_distance']:.1f} µm |",
        f"| density: mean absolute error, bias, correlation | {density['mean_absolute_error']:.2f}/mm, "
        f"{density['bias']:+.2f}/mm, {density['correlation']:.3f} |",
        f"| length of the row in sight: mean absolute error | {density['row_mean_absolute_error_mm']:.3f} mm |",
        *(_of_size(diameter, size) for size in _SIZES),
        f"| widest apex of a picture: mean absolute error, bias, correlation | {widest['mean_absolute_error']:.1f} µm, "
        f"{widest['bias']:+.1f} µm, {widest['correlation']:.3f} |",
        f"| 95 % interval of density: holds the truth, median breadth | {_held(intervals['density'])}/mm |",
        f"| 95 % interval of the widest apex: holds the truth, median breadth | {_held(intervals['widest'])} µm |",
        "",
        "| label, from measures alone | F1 | prevalence | F1 of always saying yes |",
        "| --- | --- | --- | --- |",
        _label("giant (widest apex over 50 µm)", told["giant"]),
        _label("low density (under 7/mm)", told["low_density"]),
        "",
        "| skin tone | pictures | recall | precision | density error | widest error | giant F1 | low density F1 |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(_of_tone(tone, figures) for tone, figures in told["by_tone"].items()),
        "",
        *_written_over(told["written_over"]),
    ]


def _written_over(told: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    any_of_them = next(iter(told.values()))
    yield (
        f"Other {any_of_them['pictures']} sharp pictures, each as it is and written over. On "
        f"{any_of_them['false_alarms']} of those with nothing written something was taken for writing."
    )
    yield ""
    yield (
        "| written over | found on | false loops at it, of all loops | row hidden | density error (without writing) | "
        "bias | moved by | interval holds | giant F1 | low density F1 |"
    )
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for name, title in _WRITING.items():
        of = told[name]
        moved, held = f"{of['density_moved']:.2f}/mm", f"{100 * of['density_coverage']:.1f} %"
        yield (
            f"| {title} | {of['found']} of {of['pictures']} | {of['false_loops_at_writing']} of {of['found_loops']} | "
            f"{of['hidden_row_mm']:.1f} mm | {of['density_mean_absolute_error']:.2f}/mm "
            f"({of['clean_density_mean_absolute_error']:.2f}) | {of['density_bias']:+.2f}/mm "
            f"({of['clean_density_bias']:+.2f}) | {moved} | {held} | "
            f"{of['giant_f1']:.3f} ({of['clean_giant_f1']:.3f}) | {of['low_density_f1']:.3f} "
            f"({of['clean_low_density_f1']:.3f}) |"
        )


def _of_size(diameter: Mapping[str, Any], size: str) -> str:
    error, off = diameter[f"{size}_mean_absolute_error"], diameter[f"{size}_bias"]
    count = diameter[f"{size}_capillaries"]
    return f"| diameter of {count} found capillaries {_SIZES[size]}: error, bias | {error:.1f} µm, {off:+.1f} µm |"


def _held(interval: Mapping[str, Any]) -> str:
    return f"{100 * interval['coverage']:.1f} %, {interval['median_breadth']:.1f}"


def _label(title: str, figures: Mapping[str, Any]) -> str:
    return f"| {title} | {figures['f1']:.3f} | {figures['prevalence']:.2f} | {figures['always_yes_f1']:.2f} |"


def _of_tone(tone: str, figures: Mapping[str, Any]) -> str:
    return (
        f"| {tone} | {figures['pictures']} | {figures['recall']:.3f} | {figures['precision']:.3f} | "
        f"{figures['density_mean_absolute_error']:.2f}/mm | {figures['widest_mean_absolute_error']:.1f} µm | "
        f"{figures['giant_f1']:.3f} | {figures['low_density_f1']:.3f} |"
    )
