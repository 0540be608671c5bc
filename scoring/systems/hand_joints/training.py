"""The recipe: how the grader is learnt and measured.

Demonstration weights learn from phantoms, from healthy joints on real films, and from the same films with damage drawn
into them; beside them another grader learns from the phantoms alone, so that the card can say what the films add. A
centre's weights learn from its own readings together with phantoms, never from films whose terms forbid it. Everything
random comes from the seed, and every course is a part of the run's folder: the same command goes on where it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, get_args

from scoring.anatomy.hand_finder import HandFinder
from scoring.bundle_seal import write_seal
from scoring.errors import LabelError, TrainingError
from scoring.evaluation.hand_evaluation import evaluate_hands
from scoring.learning.cases import cases_of_hands
from scoring.learning.figures_file import FIGURES_FILE, read_figures, write_figures
from scoring.learning.label_table import labels_sha256, read_label_table
from scoring.learning.labelled_images import check_images
from scoring.learning.labels import ReadHand, hands_of
from scoring.learning.progress import Progress, progress_on_stderr
from scoring.learning.run_files import CENTRE_S_OWN, PHANTOMS, READINGS_STATEMENT, RSNA_TERMS, RunFiles, train_command
from scoring.learning.run_folder import RunFolder
from scoring.learning.splits import held_out
from scoring.networks.torch_start import load_weights, start_torch
from scoring.phantoms.damaged_hands.real_films import DATA_SET, films_for, find_film_hands
from scoring.spec import WEIGHTS_RECORD, SystemSpec, read_spec
from scoring.systems.hand_joints.crop_book import CropBook, phantom_book
from scoring.systems.hand_joints.crop_material import Source
from scoring.systems.hand_joints.evaluation import graded_book
from scoring.systems.hand_joints.figures import against_truth, demonstration_figures, measured_phantoms
from scoring.systems.hand_joints.learning import learn
from scoring.systems.hand_joints.lessons import PACKAGED, Lessons, lessons
from scoring.systems.hand_joints.lessons_compared import compared, unseen_sets
from scoring.systems.hand_joints.model_card import figures_in_words as figures_in_words
from scoring.systems.hand_joints.network import JointGrader
from scoring.systems.hand_joints.onnx_network import write_onnx as write_onnx
from scoring.systems.hand_joints.outcome import Outcome, TrainingSummary, calibration_of
from scoring.systems.hand_joints.readings import reading_book
from scoring.systems.hand_joints.system import GRADER_ROLE, open_system
from scoring.systems.hand_joints.unseen_hands import DEMONSTRATION_HANDS, UnseenHands, demonstration_hands
from scoring.weights import read_weights_record

DEMONSTRATION_STATEMENT: Final = (
    "demonstration weights; disease grades learnt on drawn damage only; for research use only"
)

_FOLDER: Final = Path(__file__).parent
_PHANTOM_HANDS: Final = 1200
_FIRST_PHANTOM: Final = 1_000_000
"""Seeds of training phantoms begin here, far from those that anyone measures on."""
_EPOCHS: Final = 12
_WORKERS: Final = 2
_LOADERS: Final = 1
"""Processes that make batches ahead of the network."""


def train_demonstration(
    data: Path | None, out: Path, seed: int, epochs: int | None, recipe: Path | None = None
) -> TrainingSummary:
    """Learn from phantoms and from the healthy films under ``data``; measure on unseen ones; write all to ``out``."""
    _refuse_recipe(recipe)
    if data is None:
        raise LabelError("The demonstration weights also learn from real films: name their folder with --data.")
    start_torch()
    rounds, finder = epochs or _EPOCHS, HandFinder.open()
    with (
        progress_on_stderr() as progress,
        _run(out, rounds, seed, {"lessons": PACKAGED, "phantoms": _PHANTOM_HANDS}) as run,
    ):
        films = find_film_hands(data, films_for("training"), finder, progress)
        phantoms = _phantoms(seed, _PHANTOM_HANDS, progress)
        graders: dict[Lessons, JointGrader] = {
            kind: _learnt(run, kind, lessons(kind, phantoms, films, seed, progress), rounds, seed, progress)
            for kind in get_args(Lessons)
        }
        files = RunFiles(
            "hand_joints",
            out,
            DEMONSTRATION_STATEMENT,
            licence=RSNA_TERMS,
            learnt_from="Joint grades: disease on synthetic images and as drawn into healthy children's films; grade 0 "
            "also on these films as they are.",
            data=(PHANTOMS, DATA_SET),
            command=train_command("hand_joints", "--demonstration --data DIR", seed),
            demonstration=True,
        )
        unseen_films = find_film_hands(data, films_for("held_out"), finder, progress)
        unseen_phantoms = measured_phantoms(progress)
        figures = demonstration_figures(graders[PACKAGED], finder, unseen_phantoms, unseen_films, progress)
        figures |= compared(graders, unseen_sets(unseen_films, unseen_phantoms, progress))
        hands = len(phantoms) + sum(film is not None for film in films)
        told = (figures, demonstration_hands(unseen_films, progress), DEMONSTRATION_HANDS)
        return Outcome(graders[PACKAGED], hands, rounds, seed, *told).write(files)


def measure_demonstration(data: Path) -> Path:
    """Measure, calibrate and seal the packaged weights anew, after the hand finder has changed; the figures' path.

    What was measured of the grader that learnt from phantoms alone stays as it was: only the run has its weights.
    """
    start_torch()
    grader, finder = JointGrader(), HandFinder.open()
    own, before = read_weights_record(_FOLDER / WEIGHTS_RECORD), read_figures(_FOLDER)
    record = own.file(GRADER_ROLE)
    load_weights(grader, record)
    with progress_on_stderr() as progress:
        unseen_films = find_film_hands(data, films_for("held_out"), finder, progress)
        figures = demonstration_figures(grader, finder, measured_phantoms(progress), unseen_films, progress)
        to_calibrate = demonstration_hands(unseen_films, progress)
    told = (record.licence, record.learnt_from, record.data, record.command, record.demonstration)
    files = RunFiles("hand_joints", _FOLDER, own.statement, *told)
    calibration, coverage = calibration_of(record, grader, to_calibrate, DEMONSTRATION_HANDS)
    files.write_record([record], calibration)
    kept = {name: before[name] for name in ("training", "lessons")}
    write_figures(_FOLDER / FIGURES_FILE, kept | figures | coverage)
    write_seal(_spec())
    return _FOLDER / FIGURES_FILE


def train(
    labels: Path | None, images: Path, out: Path, epochs: int | None, seed: int, recipe: Path | None = None
) -> TrainingSummary:
    """Learn from a centre's readings (see ``scoring.learning.labels``) and phantoms; measure on held-out subjects."""
    _refuse_recipe(recipe)
    if labels is None:
        raise LabelError("Training on readings needs their table: name it with --labels.")
    start_torch()
    rounds, read = epochs or _EPOCHS, read_label_table(labels)
    check_images(read, images)
    graded, data = [hand for hand in hands_of(read) if hand.grades], labels_sha256(read)
    dealt = held_out(cases_of_hands(graded), data, seed)
    with progress_on_stderr() as progress, _run(out, rounds, seed, {"data": data}) as run:
        parts, finder = run.kept(dealt).parts, HandFinder.open()
        book, _ = reading_book(_of(parts["training"], graded), images, finder, progress)
        unseen = UnseenHands(*reading_book(_of(parts["held_out"], graded), images, finder, progress))
        # phantoms keep grades in play that a centre's readings hardly hold
        phantoms = _phantoms(seed, min(_PHANTOM_HANDS, len(book)), progress)
        grader = _learnt(run, "readings", [Source(book, times=2), Source(phantoms)], rounds, seed, progress)
        files = RunFiles(
            "hand_joints",
            out,
            READINGS_STATEMENT,
            licence=CENTRE_S_OWN,
            learnt_from=f"Joint grades: {len(book)} hands of {labels.name}, read by the centre; synthetic hand films.",
            data=(labels.name, PHANTOMS),
            command=train_command("hand_joints", f"--labels {labels.name} --images DIR", seed),
            demonstration=False,
        )
        measured_on = f"{len(unseen.book)} hands of held-out subjects of {labels.name}"
        figures = against_truth("readings", measured_on, unseen.book, *graded_book(grader, unseen.book))
        return Outcome(grader, len(book), rounds, seed, figures, unseen, measured_on).write(files)


def evaluate(labels: Path, images: Path, out: Path, weights: Path | None) -> dict[str, Any]:
    """Measure the packaged weights, or those of the run ``weights``, against readings; page and numbers in ``out``."""
    spec = _spec()
    return evaluate_hands(open_system(spec.with_weights(weights) if weights else spec), labels, images, out)


def _spec() -> SystemSpec:
    return read_spec(_FOLDER / "spec.toml")


def _refuse_recipe(recipe: Path | None) -> None:
    if recipe is not None:
        raise TrainingError("hand_joints is learnt in one way; leave --recipe away, svdh_hands takes one.")


def _run(out: Path, epochs: int, seed: int, more: dict[str, object]) -> RunFolder:
    return RunFolder(out, {"system": "hand_joints", "epochs": epochs, "seed": seed} | more)


def _of(subjects: Sequence[str], hands: Sequence[ReadHand]) -> list[ReadHand]:
    return [hand for hand in hands if hand.subject in set(subjects)]


def _phantoms(seed: int, hands: int, progress: Progress) -> CropBook:
    first = _FIRST_PHANTOM * (1 + seed)
    return phantom_book(range(first, first + hands), _WORKERS, progress)


def _learnt(
    run: RunFolder, part: str, sources: Sequence[Source], epochs: int, seed: int, progress: Progress
) -> JointGrader:
    return learn(sources, epochs, seed, run.part(part), loaders=_LOADERS, progress=progress)
