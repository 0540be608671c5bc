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
from scoring.errors import LabelError, TrainingError
from scoring.evaluation.hand_evaluation import evaluate_hands
from scoring.learning.cases import cases_of_hands
from scoring.learning.data_sets import CENTRE_S_OWN, HAND_PHANTOMS, HEALTHY_JOINTS, RSNA_TERMS
from scoring.learning.label_table import labels_sha256, read_label_table
from scoring.learning.labelled_images import check_images
from scoring.learning.progress import Progress
from scoring.learning.read_hands import ReadHand, hands_of
from scoring.learning.run_files import READINGS_STATEMENT, RunFiles, train_command
from scoring.learning.side_processes import WORKERS
from scoring.learning.splits import held_out
from scoring.learning.training_run import TrainingRun, training_run
from scoring.phantoms.damaged_hands.real_films import films_for, find_film_hands
from scoring.spec import SystemSpec
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
from scoring.systems.hand_joints.outcome import Outcome, TrainingSummary
from scoring.systems.hand_joints.readings import reading_book
from scoring.systems.hand_joints.system import open_system
from scoring.systems.hand_joints.unseen_hands import DEMONSTRATION_HANDS, UnseenHands, demonstration_hands

DEMONSTRATION_STATEMENT: Final = (
    "demonstration weights; disease grades learnt on drawn damage only; for research use only"
)

_PHANTOM_HANDS: Final = 1200
_FIRST_PHANTOM: Final = 1_000_000
"""Seeds of training phantoms begin here, far from those that anyone measures on."""
_EPOCHS: Final = 12


def train_demonstration(
    data: Path | None, out: Path, seed: int, epochs: int | None, recipe: Path | None = None
) -> TrainingSummary:
    """Learn from phantoms and from the healthy films under ``data``; measure on unseen ones; write all to ``out``."""
    _refuse_recipe(recipe)
    if data is None:
        raise LabelError("The demonstration weights also learn from real films: name their folder with --data.")
    rounds = epochs or _EPOCHS
    with training_run("hand_joints", out, seed, rounds, lessons=PACKAGED, phantoms=_PHANTOM_HANDS) as run:
        finder, progress = HandFinder.open(), run.progress
        films = find_film_hands(data, films_for("training"), finder, progress)
        phantoms = _phantoms(seed, _PHANTOM_HANDS, progress)
        graders: dict[Lessons, JointGrader] = {
            kind: _learnt(run, kind, lessons(kind, phantoms, films, seed, progress), rounds)
            for kind in get_args(Lessons)
        }
        files = RunFiles(
            "hand_joints",
            out,
            DEMONSTRATION_STATEMENT,
            licence=RSNA_TERMS,
            learnt_from="Joint grades: disease on synthetic images and as drawn into healthy children's films; grade 0 "
            "also on these films as they are.",
            data=(HAND_PHANTOMS, HEALTHY_JOINTS),
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


def train(
    labels: Path, images: Path, out: Path, epochs: int | None, seed: int, recipe: Path | None = None
) -> TrainingSummary:
    """Learn from a centre's readings (``scoring.learning.label_table``) and phantoms; measure on held-out subjects."""
    _refuse_recipe(recipe)
    rounds, read = epochs or _EPOCHS, read_label_table(labels)
    check_images(read, images)
    graded, data = [hand for hand in hands_of(read) if hand.grades], labels_sha256(read)
    dealt = held_out(cases_of_hands(graded), data, seed)
    with training_run("hand_joints", out, seed, rounds, data=data) as run:
        parts, finder, progress = run.folder.kept(dealt).parts, HandFinder.open(), run.progress
        book, _ = reading_book(_of(parts["training"], graded), images, finder, progress)
        unseen = UnseenHands(*reading_book(_of(parts["held_out"], graded), images, finder, progress))
        # phantoms keep grades in play that a centre's readings hardly hold
        phantoms = _phantoms(seed, min(_PHANTOM_HANDS, len(book)), progress)
        grader = _learnt(run, "readings", [Source(book, times=2), Source(phantoms)], rounds)
        files = RunFiles(
            "hand_joints",
            out,
            READINGS_STATEMENT,
            licence=CENTRE_S_OWN,
            learnt_from=f"Joint grades: {len(book)} hands of {labels.name}, read by the centre; synthetic hand films.",
            data=(labels.name, HAND_PHANTOMS),
            command=train_command("hand_joints", f"--labels {labels.name} --images DIR", seed),
            demonstration=False,
        )
        measured_on = f"{len(unseen.book)} hands of held-out subjects of {labels.name}"
        figures = against_truth("readings", measured_on, unseen.book, *graded_book(grader, unseen.book))
        return Outcome(grader, len(book), rounds, seed, figures, unseen, measured_on).write(files)


def evaluate(spec: SystemSpec, labels: Path, images: Path, out: Path) -> dict[str, Any]:
    """Measure the weights that ``spec`` names against readings; page and numbers in ``out``."""
    return evaluate_hands(open_system(spec), labels, images, out)


def _refuse_recipe(recipe: Path | None) -> None:
    if recipe is not None:
        raise TrainingError("hand_joints is learnt in one way; leave --recipe away, svdh_hands takes one.")


def _of(subjects: Sequence[str], hands: Sequence[ReadHand]) -> list[ReadHand]:
    return [hand for hand in hands if hand.subject in set(subjects)]


def _phantoms(seed: int, hands: int, progress: Progress) -> CropBook:
    first = _FIRST_PHANTOM * (1 + seed)
    return phantom_book(range(first, first + hands), WORKERS, progress)


def _learnt(run: TrainingRun, part: str, sources: Sequence[Source], epochs: int) -> JointGrader:
    return learn(sources, epochs, run.seed, run.folder.part(part), loaders=run.loaders, progress=run.progress)
