"""What training measured of a label network (figures.toml), in the words of its model card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from scoring.capillaroscopy.view_gate_in_words import view_gate_in_words
from scoring.learning.figures_file import FIGURES_FILE, read_figures
from scoring.score_rules.nailfold_labels import NAILFOLD_LABELS
from scoring.systems.nailfold.figures import MEAN
from scoring.systems.nailfold.unified_in_words import UNIFIED_FILE, unified_in_words

_WORDS: Final = {
    "abnormal_shape": "abnormal shapes",
    "giant": "giant capillaries",
    "haemorrhage": "haemorrhages",
    "low_density": "low density",
    "too_blurry": "too blurry",
}
_MEASURES: Final = (
    "label", "F1", "always yes", "prevalence", "sensitivity", "specificity", "ROC area", "PR area", "threshold",
)  # fmt: skip
_TITLES: Final = tuple(_WORDS[label] for label in NAILFOLD_LABELS)


def figures_in_words(folder: Path) -> str:
    """The figures of the packaged weights or of a run, as Markdown; empty where it left none."""
    if not (folder / FIGURES_FILE).exists():
        return ""
    figures = read_figures(folder)
    lines = [*_training(figures["training"]), *_labels(figures["unseen"]), *_tones(figures["unseen"])]
    lines += _folds(figures["folds"])
    if (folder / UNIFIED_FILE).exists():
        lines += [*unified_in_words(folder), "", *view_gate_in_words()]
    return "\n".join(lines)


def _training(run: Mapping[str, Any]) -> Iterator[str]:
    parts = run["pictures_with_parts"]
    begun = "by chance" if run["start"] == "none" else f"from {run['start']}"
    yield (
        f"`{run['backbone']}`, begun {begun}, pictures of {run['rows']} x {run['columns']} pixels; "
        f"learnt from the labels of {run['pictures_with_labels']} pictures"
        f"{f', after the places of parts on {parts} drawn ones' if parts else ''}; loss {run['loss']}, seed "
        f"{run['seed']}. All figures are in `{FIGURES_FILE}`."
    )


def _labels(unseen: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", "### Each label, at its locked threshold", "")
    yield (
        f"Measured on {unseen['measured_on']}. Features count where the picture is not too blurry. F1 means nothing "
        "without the share of pictures that have the label: beside it stands the F1 of always saying yes."
    )
    yield from ("", _row(_MEASURES), _row(["---"] * len(_MEASURES)))
    for label in NAILFOLD_LABELS:
        found = unseen[label]
        shown = [found["f1"], found["always_yes_f1"], found["prevalence"], found["sensitivity"], found["specificity"]]
        shown += [found["roc_area"], found["precision_recall_area"], found["threshold"]]
        yield _row([f"{_WORDS[label]} ({found['pictures']})", *map(_three, shown)])
    yield _row(["mean", _three(unseen[MEAN]), *[""] * (len(_MEASURES) - 2)])


def _tones(unseen: Mapping[str, Any]) -> Iterator[str]:
    """F1 by group of skin tone, beside the prevalence there."""
    tones: Mapping[str, Any] = unseen.get("tones", {})
    if not tones:
        return
    yield from ("", "### By skin tone", "")
    yield "F1 (prevalence); Monk scale: light 1 to 4, medium over 4 to 7, dark over 7."
    yield from ("", _row(["skin tone", "pictures", *_TITLES, "mean"]), _row(["---"] * (len(_TITLES) + 3)))
    for tone in sorted(tones, key=("light", "medium", "dark").index):
        found = tones[tone]
        cells = [f"{_three(found[one])} ({found[f'{one}_prevalence']:.2f})" for one in NAILFOLD_LABELS]
        yield _row([tone, str(found["pictures"]), *cells, _three(found[MEAN])])


def _folds(folds: Mapping[str, Any]) -> Iterator[str]:
    """The table of the abstract that the system follows: F1 of every label and their mean, fold by fold."""
    rows = {f"fold {n}": folds[f"fold_{n}"] for n in range(1, folds["number"] + 1)}
    yield from ("", f"### F1 by label in {folds['number']} folds", "")
    yield (
        f"Measured on {folds['measured_on']}, dealt to folds by patient so that each has its share of every label; "
        "each fold is judged by a network that has not learnt from its patients, at thresholds chosen on the other "
        "folds."
    )
    yield from ("", _row(["fold", "pictures", *_TITLES, "mean"]), _row(["---"] * (len(_TITLES) + 3)))
    for name, found in rows.items():
        shown = [_three(found[one]) for one in (*NAILFOLD_LABELS, MEAN)]
        yield _row([name, str(found["pictures"]), *shown])
    means = [_three(sum(found[one] for found in rows.values()) / len(rows)) for one in (*NAILFOLD_LABELS, MEAN)]
    yield _row(["mean of folds", str(sum(found["pictures"] for found in rows.values())), *means])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _three(value: float) -> str:
    return "–" if value != value else f"{value:.3f}"
