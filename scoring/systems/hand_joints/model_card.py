"""The model card: words that hold for the system (``model_card_template.md``), and figures that code measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from scoring.anatomy.figures_in_words import figures_in_words
from scoring.spec import read_spec
from scoring.systems.hand_joints.figures import read_figures
from scoring.weights import WeightsRecord, read_weights_record

_FOLDER: Final = Path(__file__).parent


def write_card() -> Path:
    """Write README.md of this folder anew from spec.toml, weights.toml and figures.toml; its path."""
    path = _FOLDER / "README.md"
    path.write_text(card_text(), encoding="utf-8")
    return path


def card_text() -> str:
    """The model card as Markdown; a test keeps README.md equal to it."""
    spec = read_spec(_FOLDER / "spec.toml")
    records = [read_weights_record(path) for path in spec.weights_files]
    figures = read_figures(_FOLDER)
    template = (_FOLDER / "model_card_template.md").read_text(encoding="utf-8")
    return template.format(
        spec=spec,
        statement=records[0].statement,
        weights=_weights_part(records),
        figures=_figures_part(figures),
    )


def _weights_part(records: list[WeightsRecord]) -> str:
    lines = ["## Weights", "", "| file | learnt from | licence | made by |", "| --- | --- | --- | --- |"]
    for record in records:
        lines += [f"| `{f.path.name}` | {f.learnt_from} | {f.licence} | `{f.command}` |" for f in record.files]
    sources = dict.fromkeys(name for record in records for f in record.files for name in f.data)
    return "\n".join([*lines, "", "Data:", "", *(f"- {name}" for name in sources)])


def _figures_part(figures: Mapping[str, Any]) -> str:
    run = figures["training"]
    lines = [
        "## Measured",
        "",
        f"By the run that made the weights ({run['hands']} hands, {run['epochs']} epochs, seed {run['seed']}), "
        f"with the hand finder's weights "
        f"{', '.join(digest[:12] for digest in figures['hand_finder'].values())}. All figures are in `figures.toml`.",
    ]
    for name, title in (("phantoms", "Unseen phantoms"), ("phantoms_found", "Unseen phantoms, the whole chain")):
        lines += ["", f"### {title}", "", f"{figures[name]['measured_on']}.", "", *_agreement_rows(figures[name])]
    return "\n".join(
        [
            *lines,
            *_site_rows(figures["phantoms_found"]),
            "",
            *figures_in_words(),
            *_film_rows(figures),
            *_drawn_rows(figures),
            *_pointing_rows(figures),
        ]
    )


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


def _drawn_rows(figures: Mapping[str, Any]) -> list[str]:
    drawn = figures["drawn_erosions"]
    return [
        "",
        f"Into {drawn['sites']} of their joints erosions were drawn (mean grade {drawn['mean_drawn_grade']:.2f}): "
        f"the mean expected erosion there is {drawn['mean_expected_grade']:.2f}, and was "
        f"{drawn['mean_expected_grade_before']:.2f} before; correlation with the drawn grade "
        f"{drawn['correlation']:.2f}. Drawings, not disease.",
    ]


def _pointing_rows(figures: Mapping[str, Any]) -> list[str]:
    pointing = figures["pointing"]
    return [
        "",
        "### The heatmap",
        "",
        f"On {pointing['phantoms']} {pointing['measured_on']}: the film's hottest point lies in that joint's box on "
        f"{pointing['hottest_point_in_its_box']}; with randomised weights on {pointing['with_randomised_weights']}.",
    ]
