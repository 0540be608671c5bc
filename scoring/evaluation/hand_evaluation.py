"""``evaluate``: a table of readings and its images in, one page and its numbers out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from scoring.agreement.bootstrap import Estimate
from scoring.contract import ScoringSystem
from scoring.evaluation.evaluation import evaluate_comparison
from scoring.evaluation.evaluation_json import evaluation_json
from scoring.evaluation.evaluation_page import evaluation_page
from scoring.evaluation.hand_comparison import compare_hands
from scoring.evaluation.pointing import measure_pointing
from scoring.learning.label_table import read_label_table
from scoring.learning.progress import progress_on_stderr
from scoring.whole_file import make_folder, write_whole_text

POINTED: Final = 22
"""Phantoms on which the heatmap is tried: one for every site."""
PAGE: Final = "evaluation.html"
NUMBERS: Final = "evaluation.json"


def evaluate_hands(system: ScoringSystem, labels: Path, images: Path, out: Path) -> dict[str, Any]:
    """Score the images, measure, and write ``evaluation.html`` and ``evaluation.json`` into ``out``.

    Returns the main measure of each item by name, for the command line. Raises LabelError with every fault of the
    table or its images, NotWrittenError when there can be no such folder.
    """
    read = read_label_table(labels)
    make_folder(out)
    patients, readers = {one.subject for one in read}, {one.reader for one in read}
    named = len({one.image for one in read})
    measured_on = f"{named} images of {len(patients)} patients in {labels.name}, read by {len(readers)} reader(s)"
    with progress_on_stderr() as progress:
        comparison = compare_hands(read, images, system, measured_on, progress)
        evaluation = evaluate_comparison(comparison, progress=progress)
        evaluation = replace(evaluation, pointing=measure_pointing(system, POINTED, progress))
    write_whole_text(out / PAGE, evaluation_page(evaluation))
    write_whole_text(out / NUMBERS, json.dumps(evaluation_json(evaluation), indent=2) + "\n")
    figures: dict[str, Any] = {"measured on": measured_on, "weights": comparison.weights_digest}
    for item in evaluation.items:
        main = item.measured[0]
        figures[f"{item.scale.words}: {main.measure.words}"] = estimate_in_words(main.estimate)
    if evaluation.pointing is not None:
        figures["heatmap: hottest point in the damaged joint's box"] = estimate_in_words(evaluation.pointing.hits)
    return figures | {"page": str(out / PAGE)}


def estimate_in_words(found: Estimate) -> str:
    """A measure for the command line."""
    if found.value is None:
        return found.reason
    interval = "" if found.lower is None else f" (95 % {found.lower:.3f} to {found.upper:.3f})"
    return f"{found.value:.3f}{interval}, {found.rows} rows, {found.groups} patients"
