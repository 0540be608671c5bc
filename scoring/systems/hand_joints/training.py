"""The recipe: how the grader is learnt and measured.

Demonstration weights learn grades from phantoms, and from healthy joints on real films that grade 0 looks like many
things; erosions drawn into those joints keep "a real film" from meaning "healthy". A centre's weights learn from its
own readings together with phantoms, never from films whose terms forbid it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scoring.anatomy.hand_finder import HandFinder
from scoring.bundle_seal import write_seal
from scoring.errors import LabelError, TrainingError
from scoring.evaluation.hand_evaluation import evaluate_hands
from scoring.learning.figures_file import FIGURES_FILE, read_figures, write_figures
from scoring.learning.label_table import read_label_table
from scoring.learning.labelled_images import check_images
from scoring.learning.labels import hands_of
from scoring.learning.progress import Progress, progress_on_stderr
from scoring.learning.weights_record import write_weights_record
from scoring.networks.torch_start import load_weights, start_torch
from scoring.phantoms.damaged_hands.real_films import DATA_SET, films_for, find_film_hands
from scoring.spec import WEIGHTS_RECORD, read_spec
from scoring.systems.hand_joints.crop_book import CropBook, phantom_book
from scoring.systems.hand_joints.evaluation import Figures, graded_book
from scoring.systems.hand_joints.figures import against_truth, demonstration_figures
from scoring.systems.hand_joints.learning import Source, learn
from scoring.systems.hand_joints.lessons import PACKAGED, lessons
from scoring.systems.hand_joints.model_card import figures_in_words as figures_in_words
from scoring.systems.hand_joints.network import JointGrader
from scoring.systems.hand_joints.onnx_network import write_onnx as write_onnx
from scoring.systems.hand_joints.readings import reading_book, split_by_subject
from scoring.systems.hand_joints.run_files import WEIGHTS_NAME, write_calibration, write_weights
from scoring.systems.hand_joints.system import GRADER_ROLE, open_system
from scoring.systems.hand_joints.unseen_hands import DEMONSTRATION_HANDS, UnseenHands, demonstration_hands
from scoring.weights import WeightRecord, WeightsRecord, read_weights_record

DEMONSTRATION_STATEMENT: Final = (
    "demonstration weights; disease grades learnt on synthetic images only; for research use only"
)
READINGS_STATEMENT: Final = "weights learnt on a centre's own readings; not validated by us; for research use only"

_PHANTOM_HANDS: Final = 1200
_FIRST_PHANTOM: Final = 1_000_000
"""Seeds of training phantoms begin here, far from those that anyone measures on."""
_EPOCHS: Final = 12
_THREADS: Final = 1
"""Small convolutions gain little from a second thread, and lose much when something else runs."""
_WORKERS: Final = 2


@dataclass(frozen=True, slots=True)
class TrainingSummary:
    """What a training run left behind; ``minutes`` without the measuring."""

    folder: Path
    sha256: str
    hands: int
    epochs: int
    seed: int
    minutes: float

    def __str__(self) -> str:
        return (
            f"{self.folder}: weights {self.sha256[:12]}…, learnt from {self.hands} hands in {self.epochs} epochs, "
            f"{self.minutes} minutes; figures in {FIGURES_FILE}"
        )


def train_demonstration(
    data: Path | None, out: Path, seed: int, epochs: int | None, recipe: Path | None = None
) -> TrainingSummary:
    """Learn from phantoms and from the healthy films under ``data``; measure on unseen ones; write all to ``out``."""
    _refuse_recipe(recipe)
    if data is None:
        raise LabelError("The demonstration weights also learn from healthy films: name their folder with --data.")
    start_torch(_THREADS)
    began, rounds = time.monotonic(), epochs or _EPOCHS
    finder = HandFinder.open()
    with progress_on_stderr() as progress:
        films = find_film_hands(data, films_for("training"), finder, progress)
        phantoms = _phantoms(seed, _PHANTOM_HANDS, progress)
        grader = learn(lessons(PACKAGED, phantoms, films, seed, progress), rounds, seed, progress)
        minutes = _minutes_since(began)
        held_out = find_film_hands(data, films_for("held_out"), finder, progress)
        figures = demonstration_figures(grader, finder, held_out, progress)
        unseen = demonstration_hands(held_out, progress)
    record = WeightRecord(
        role=GRADER_ROLE,
        path=out / WEIGHTS_NAME,
        sha256="",
        licence="see LICENCE-WEIGHTS.txt: RSNA bone-age terms (non-commercial, cite)",
        learnt_from="Joint grades: disease on synthetic images only; grade 0 also on healthy children's films.",
        data=("rheumascore hand phantoms (drawn, no person)", DATA_SET),
        command=f"rheumascore train hand_joints --demonstration --data DIR --out RUN --seed {seed}",
        demonstration=True,
    )
    record = write_weights(grader, record)
    calibration, coverage = write_calibration(grader, record, unseen, DEMONSTRATION_HANDS)
    write_weights_record(out / WEIGHTS_RECORD, _weights(DEMONSTRATION_STATEMENT, record, *calibration))
    hands = len(phantoms) + sum(film is not None for film in films)
    return _summed_up(TrainingSummary(out, record.sha256, hands, rounds, seed, minutes), figures | coverage)


def measure_demonstration(data: Path) -> Path:
    """Measure, calibrate and seal the packaged weights anew, after the hand finder has changed; the figures' path."""
    start_torch(_THREADS)
    folder = Path(__file__).parent
    grader, finder = JointGrader(), HandFinder.open()
    load_weights(grader, read_weights_record(folder / WEIGHTS_RECORD).file(GRADER_ROLE))
    run: Figures = read_figures(folder)["training"]
    with progress_on_stderr() as progress:
        held_out = find_film_hands(data, films_for("held_out"), finder, progress)
        figures = demonstration_figures(grader, finder, held_out, progress)
        unseen = demonstration_hands(held_out, progress)
    own = read_weights_record(folder / WEIGHTS_RECORD)
    calibration, coverage = write_calibration(grader, own.file(GRADER_ROLE), unseen, DEMONSTRATION_HANDS)
    write_weights_record(folder / WEIGHTS_RECORD, _weights(own.statement, own.file(GRADER_ROLE), *calibration))
    write_figures(folder / FIGURES_FILE, {"training": run} | figures | coverage)
    write_seal(read_spec(folder / "spec.toml"))
    return folder / FIGURES_FILE


def train(
    labels: Path | None, images: Path, out: Path, epochs: int | None, seed: int, recipe: Path | None = None
) -> TrainingSummary:
    """Learn from a centre's readings (see ``scoring.learning.labels``) and phantoms; measure on held-out subjects."""
    _refuse_recipe(recipe)
    if labels is None:
        raise LabelError("Training on readings needs their table: name it with --labels.")
    start_torch(_THREADS)
    began, rounds = time.monotonic(), epochs or _EPOCHS
    read = read_label_table(labels)
    check_images(read, images)
    to_learn, to_measure = split_by_subject(hands_of(read))
    finder = HandFinder.open()
    with progress_on_stderr() as progress:
        book, _ = reading_book(to_learn, images, finder, progress)
        unseen = UnseenHands(*reading_book(to_measure, images, finder, progress))
        # phantoms keep grades in play that a centre's readings hardly hold
        phantoms = _phantoms(seed, min(_PHANTOM_HANDS, len(book)), progress)
        grader = learn([Source(book, times=2), Source(phantoms)], rounds, seed, progress)
    minutes = _minutes_since(began)
    measured_on = f"{len(unseen.book)} hands of held-out subjects of {labels.name}"
    figures = against_truth("readings", measured_on, unseen.book, *graded_book(grader, unseen.book))
    record = WeightRecord(
        role=GRADER_ROLE,
        path=out / WEIGHTS_NAME,
        sha256="",
        licence="the centre's own",
        learnt_from=f"Joint grades: {len(book)} hands of {labels.name}, read by the centre; synthetic hand films.",
        data=(labels.name, "rheumascore hand phantoms (drawn, no person)"),
        command=f"rheumascore train hand_joints --labels {labels.name} --images DIR --out RUN --seed {seed}",
        demonstration=False,
    )
    record = write_weights(grader, record)
    calibration, coverage = write_calibration(grader, record, unseen, measured_on)
    write_weights_record(out / WEIGHTS_RECORD, _weights(READINGS_STATEMENT, record, *calibration))
    return _summed_up(TrainingSummary(out, record.sha256, len(book), rounds, seed, minutes), figures | coverage)


def evaluate(labels: Path, images: Path, out: Path, weights: Path | None) -> dict[str, Any]:
    """Measure the packaged weights, or those of the run ``weights``, against readings; page and numbers in ``out``."""
    spec = read_spec(Path(__file__).parent / "spec.toml")
    return evaluate_hands(open_system(spec.with_weights(weights) if weights else spec), labels, images, out)


def _refuse_recipe(recipe: Path | None) -> None:
    if recipe is not None:
        raise TrainingError("hand_joints is learnt in one way; leave --recipe away, svdh_hands takes one.")


def _phantoms(seed: int, hands: int, progress: Progress) -> CropBook:
    first = _FIRST_PHANTOM * (1 + seed)
    return phantom_book(range(first, first + hands), _WORKERS, progress)


def _weights(statement: str, *files: WeightRecord) -> WeightsRecord:
    return WeightsRecord(statement, files, "hand_joints")


def _minutes_since(began: float) -> float:
    return round((time.monotonic() - began) / 60, 1)


def _summed_up(summary: TrainingSummary, figures: dict[str, Figures]) -> TrainingSummary:
    """Write the run's figures, and what it was beside them."""
    run: Figures = {
        "hands": summary.hands,
        "epochs": summary.epochs,
        "seed": summary.seed,
        "weights_sha256": summary.sha256,
    }
    write_figures(summary.folder / FIGURES_FILE, {"training": run} | figures)
    return summary
