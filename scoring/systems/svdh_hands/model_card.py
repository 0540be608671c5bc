"""What training measured of an ensemble (figures.toml), in the words of its model card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from scoring.anatomy.figures_in_words import figures_in_words as finder_figures_in_words
from scoring.learning.figures_file import FIGURES_FILE, read_figures
from scoring.networks.timm_trunk import SCHEMES
from scoring.spec import WEIGHTS_RECORD
from scoring.systems.svdh_hands.ensemble_file import ENSEMBLE_ROLE
from scoring.systems.svdh_hands.lessons_in_words import LESSONS_FILE, lessons_in_words
from scoring.weights import read_weights_record


def figures_in_words(folder: Path) -> str:
    """The figures of the packaged weights or of a run, as Markdown; empty where it left none."""
    if not (folder / FIGURES_FILE).exists():
        return ""
    figures = read_figures(folder)
    lines = [*_training(figures["training"]), *_folds(figures["folds"])]
    if "phantoms" in figures:
        lines += [*_phantoms(figures["phantoms"]), "", *finder_figures_in_words()]
    if (folder / LESSONS_FILE).exists():
        lines += lessons_in_words(folder, read_weights_record(folder / WEIGHTS_RECORD).file(ENSEMBLE_ROLE).sha256)
    return "\n".join(lines)


def _training(run: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"Courses: skeletal age of {run['bone_age_films']} children's films, damage by place on "
        f"{_hands(run, 'places')}, totals of {_hands(run, 'totals')}; views of "
        f"{run['pixels']} pixels, seed {run['seed']}. All figures are in `{FIGURES_FILE}`."
    )


def _hands(run: Mapping[str, Any], known: str) -> str:
    real = run[f"real_hands_with_{known}"]
    return f"{run[f'hands_with_{known}']} hands{f' ({real} of them real, three in four drawn into)' if real else ''}"


def _folds(folds: Mapping[str, Any]) -> Iterator[str]:
    """Every network and scheme on the same folds."""
    yield from ("", "### Networks and fine-tuning schemes on the same folds", "")
    yield (
        f"Sums of {folds['hands']} hands (0-140) in {folds['folds']} folds by patient; each network is asked "
        "about the fold that it has not seen. The stack is learnt from these answers, so that its own row flatters it."
    )
    yield ""
    yield "| network | backbone | start | changed by totals | member | r | RMSE | MAE | bias | limits of agreement |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for one in _by_trunk([one for key, one in folds.items() if key.startswith("network_")]):
        member = "yes" if one["in_ensemble"] else "no"
        start = "untrained" if one["start"] == "none" else one["start"]
        scheme = f"the {one['scheme'].replace('_', ' ')}" if one["scheme"] != "all" else "all of it"
        yield f"| `{one['name']}` | `{one['backbone']}` | {start} | {scheme} | {member} | {_agreement(one)} |"
    stack = folds["stack"]
    weights = ", ".join(f"{weight:.2f}" for weight in stack["weights"])
    yield f"| stack ({stack['blend']}: {weights}) | | | | | {_agreement(stack)} |"


def _by_trunk(networks: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Schemes of one backbone below each other, from the one that changes least to the one that changes most."""
    order = list(dict.fromkeys(one["backbone"] for one in networks))
    return sorted(networks, key=lambda one: (order.index(one["backbone"]), SCHEMES.index(one["scheme"])))


def _phantoms(phantoms: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", "### Unseen phantoms, the whole chain", "", f"{phantoms['measured_on']}.", "")
    yield "| score | r | RMSE | MAE | bias | limits of agreement |"
    yield "| --- | --- | --- | --- | --- | --- |"
    yield f"| sum of a hand (0-140) | {_agreement(phantoms['hand'])} |"
    yield f"| total of both hands (0-280) | {_agreement(phantoms['both'])} |"
    severity = phantoms["severity"]
    yield ""
    yield (
        f"Severity class (0-7): accuracy {severity['accuracy']:.3f}, within one class "
        f"{severity['within_one_class']:.3f}, mean absolute error {severity['mean_absolute_error']:.2f}, Pearson r "
        f"{severity['pearson_correlation']:.3f}, quadratic weighted kappa {severity['quadratic_weighted_kappa']:.3f}."
    )


def _agreement(found: Mapping[str, Any]) -> str:
    return (
        f"{found['pearson_correlation']:.4f} | {found['root_mean_square_error']:.2f} | "
        f"{found['mean_absolute_error']:.2f} | {found['bias']:+.2f} | {found['lower_limit_of_agreement']:+.1f} to "
        f"{found['upper_limit_of_agreement']:+.1f}"
    )
