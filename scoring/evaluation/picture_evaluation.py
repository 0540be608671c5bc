"""``evaluate`` of pictures with yes-or-no labels: a table of readings and its pictures in, one page and numbers out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scoring.contract import ScoringSystem
from scoring.evaluation.evaluation import evaluate_comparison
from scoring.evaluation.evaluation_json import evaluation_json
from scoring.evaluation.evaluation_page import evaluation_page
from scoring.evaluation.hand_evaluation import NUMBERS, PAGE, estimate_in_words
from scoring.evaluation.picture_comparison import compare_pictures
from scoring.learning.label import NAILFOLD_SITES
from scoring.learning.label_table import read_label_table
from scoring.learning.progress import progress_on_stderr
from scoring.whole_file import make_folder, write_whole_text


def evaluate_pictures(system: ScoringSystem, labels: Path, images: Path, out: Path) -> dict[str, Any]:
    """Score the pictures, measure, and write ``evaluation.html`` and ``evaluation.json`` into ``out``.

    Returns the main measures of each label by name, for the command line. Raises LabelError with every fault of the
    table or its pictures, NotWrittenError when there can be no such folder.
    """
    read = read_label_table(labels, sites=NAILFOLD_SITES)
    make_folder(out)
    patients, readers = {one.subject for one in read}, {one.reader for one in read}
    named = len({one.image for one in read})
    measured_on = f"{named} pictures of {len(patients)} patients in {labels.name}, read by {len(readers)} reader(s)"
    with progress_on_stderr() as progress:
        comparison = compare_pictures(read, images, system, measured_on, progress)
        evaluation = evaluate_comparison(comparison, progress=progress)
    write_whole_text(out / PAGE, evaluation_page(evaluation))
    write_whole_text(out / NUMBERS, json.dumps(evaluation_json(evaluation), indent=2) + "\n")
    figures: dict[str, Any] = {"measured on": measured_on, "weights": comparison.weights_digest}
    for item in evaluation.items:
        for found in item.measured[:3]:
            figures[f"{item.scale.words}: {found.measure.words}"] = estimate_in_words(found.estimate)
    return figures | {"page": str(out / PAGE)}
