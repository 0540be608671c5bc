"""The recipe: what ``train``, ``evaluate`` and ``card`` do for this system.

Demonstration weights learn from drawn nailfolds: first with the places of their parts, then from labels alone, as a
centre's readings are. A centre's weights learn from its own readings by a recipe that it chooses (``recipe.toml``).
Everything random comes from the seed, and every course is a part of the run's folder: the same command goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scoring.catalogue import open_spec
from scoring.errors import LabelError
from scoring.evaluation.picture_evaluation import evaluate_pictures
from scoring.learning.data_sets import CENTRE_S_OWN, NAILFOLD_PHANTOMS, OURS
from scoring.learning.figures_file import FIGURES_FILE, Figures, write_figures
from scoring.learning.label import NAILFOLD_SITES
from scoring.learning.label_splits import deal_labels
from scoring.learning.label_table import labels_sha256, read_label_table
from scoring.learning.labelled_images import check_images
from scoring.learning.progress import Progress
from scoring.learning.run_files import READINGS_STATEMENT, RunFiles, train_command
from scoring.learning.side_processes import WORKERS
from scoring.learning.training_run import training_run
from scoring.spec import SystemSpec
from scoring.systems.nailfold.drawn_pictures import drawn_pictures
from scoring.systems.nailfold.figures import fold_figures, measured_figures
from scoring.systems.nailfold.learning import Learnt, Teacher, said_of
from scoring.systems.nailfold.learnt_files import write_label_network
from scoring.systems.nailfold.model_card import figures_in_words as figures_in_words
from scoring.systems.nailfold.network import LabelNetwork
from scoring.systems.nailfold.onnx_network import write_onnx as write_onnx
from scoring.systems.nailfold.picture_book import PictureBook
from scoring.systems.nailfold.readings import reading_book
from scoring.systems.nailfold.start_licence import start_licence
from scoring.systems.nailfold.training_recipe import PicturePhase, TrainingRecipe, read_recipe

DEMONSTRATION_STATEMENT: Final = (
    "demonstration weights; labels and measures were learnt on drawn nailfolds only; for research use only"
)

_FOLDER: Final = Path(__file__).parent
_RECIPE: Final = _FOLDER / "recipe.toml"
_DEMONSTRATION: Final = _FOLDER / "demonstration.toml"
_HELD_OUT: Final = "held_out"
_FIRST_PHANTOM: Final = 1_000_000
"""Seeds of training phantoms begin here, far from those that anyone measures on."""
_FIRST_WITH_LABELS: Final = 500_000
"""Those of whom only labels are told begin so many after those whose parts are told."""
_FIRST_UNSEEN: Final = 900_000
_UNSEEN_PATIENTS: Final = 500
_UNSEEN_OF_EACH: Final = 2
"""Pictures of each of these phantom patients, on whom demonstration weights are measured."""


@dataclass(frozen=True, slots=True)
class TrainingSummary:
    """What a training run left behind."""

    folder: Path
    pictures: int
    patients: int
    seed: int
    licence: str

    def __str__(self) -> str:
        return (
            f"{self.folder}: learnt from {self.pictures} pictures of {self.patients} patients, seed {self.seed}; "
            f"licence of the weights: {self.licence}; figures in {FIGURES_FILE}"
        )


def train_demonstration(
    data: Path | None, out: Path, seed: int, epochs: int | None, recipe: Path | None = None
) -> TrainingSummary:
    """Learn from drawn nailfolds; measure on unseen ones. ``data`` is not needed and not looked at."""
    path = recipe or _DEMONSTRATION
    plan = read_recipe(path)
    if plan.labels.patients < plan.folds:
        raise LabelError(f"{path.name} draws fewer patients than it has folds; give labels.patients.")
    with training_run("nailfold", out, seed, epochs, recipe=plan.as_json()) as run:
        teacher = Teacher(plan, run, path.parent)
        begun = teacher.begin()
        first = _FIRST_PHANTOM * (1 + seed)
        drawn = _drawn(plan.parts, plan, first, run.progress) if plan.parts else None
        book = _drawn(plan.labels, plan, first + _FIRST_WITH_LABELS, run.progress)
        parts = run.folder.kept(deal_labels(book.cases(), _shares(plan, 0.0), "", seed)).parts
        folds = {name: book.of(patients) for name, patients in parts.items()}
        learnt = teacher.learn(begun, drawn, book, folds)
        files = RunFiles(
            "nailfold",
            out,
            DEMONSTRATION_STATEMENT,
            licence=_licence(OURS, plan),
            learnt_from="Labels of drawn nailfold pictures, and the places of their parts.",
            data=(NAILFOLD_PHANTOMS,),
            command=train_command("nailfold", "--demonstration", seed, recipe),
            demonstration=True,
        )
        network = LabelNetwork.open(write_label_network(files, learnt.network))
        unseen = drawn_pictures(
            first + _FIRST_UNSEEN, _UNSEEN_PATIENTS, _UNSEEN_OF_EACH, plan.rows, plan.columns, WORKERS, run.progress
        )
    said = f"{len(unseen)} pictures of {_UNSEEN_PATIENTS} unseen phantom patients"
    measured = measured_figures("unseen", said, unseen, said_of(network, unseen), network.thresholds)
    told = f"{len(book)} pictures of {plan.labels.patients} phantom patients"
    _write_figures(out, plan, seed, book, drawn, _of_folds(plan, book, learnt, told) | measured)
    patients = len(set(book.patients + (drawn.patients if drawn else ())))
    return TrainingSummary(out, len(book) + len(drawn or ()), patients, seed, files.licence)


def train(
    labels: Path, images: Path, out: Path, epochs: int | None, seed: int, recipe: Path | None = None
) -> TrainingSummary:
    """Learn from a centre's readings (``scoring.learning.label_table``); measure on patients who taught nothing."""
    path = recipe or _RECIPE
    plan, read = read_recipe(path), read_label_table(labels, sites=NAILFOLD_SITES)
    data = labels_sha256(read)
    with training_run("nailfold", out, seed, epochs, recipe=plan.as_json(), data=data) as run:
        check_images(read, images)
        teacher = Teacher(plan, run, path.parent)
        begun = teacher.begin()  # before pictures are opened: it may have to be fetched
        whole = reading_book(read, images, plan.rows, plan.columns, run.progress)
        parts = dict(run.folder.kept(deal_labels(whole.cases(), _shares(plan, plan.held_out), data, seed)).parts)
        held = whole.of(parts.pop(_HELD_OUT))
        book, unseen = whole.only(~held), whole.only(held)
        drawn = _drawn(plan.parts, plan, _FIRST_PHANTOM * (1 + seed), run.progress) if plan.parts else None
        folds = {name: book.of(patients) for name, patients in parts.items()}
        learnt = teacher.learn(begun, drawn, book, folds)
        files = RunFiles(
            "nailfold",
            out,
            READINGS_STATEMENT,
            licence=_licence(CENTRE_S_OWN, plan),
            learnt_from=f"Labels: {len(book)} pictures of {labels.name}, read by the centre.",
            data=(labels.name, *((NAILFOLD_PHANTOMS,) if drawn else ())),
            command=train_command("nailfold", f"--labels {labels.name} --images DIR", seed, recipe),
            demonstration=False,
        )
        network = LabelNetwork.open(write_label_network(files, learnt.network))
    said = f"{len(unseen)} pictures of {len(set(unseen.patients))} held-out patients of {labels.name}"
    measured = measured_figures("unseen", said, unseen, said_of(network, unseen), network.thresholds)
    told = f"{len(book)} pictures of {len(set(book.patients))} patients of {labels.name}"
    _write_figures(out, plan, seed, book, drawn, _of_folds(plan, book, learnt, told) | measured)
    return TrainingSummary(out, len(book), len(set(book.patients)), seed, files.licence)


def evaluate(spec: SystemSpec, labels: Path, images: Path, out: Path) -> dict[str, Any]:
    """Measure the weights that ``spec`` names against readings; page and numbers in ``out``."""
    return evaluate_pictures(open_spec(spec), labels, images, out)


def _shares(plan: TrainingRecipe, held_out: float) -> dict[str, float]:
    """Folds of one size, and beside them the patients who teach nothing, if any."""
    folds = {f"fold {n}": (1 - held_out) / plan.folds for n in range(1, plan.folds + 1)}
    return ({_HELD_OUT: held_out} if held_out else {}) | folds


def _drawn(course: PicturePhase, plan: TrainingRecipe, first: int, progress: Progress) -> PictureBook:
    return drawn_pictures(first, course.patients, course.of_each, plan.rows, plan.columns, WORKERS, progress)


def _licence(own: str, plan: TrainingRecipe) -> str:
    licence = start_licence(plan)
    return f"{own}; begun from {plan.backbone} ({licence})" if licence else own


def _of_folds(plan: TrainingRecipe, book: PictureBook, learnt: Learnt, measured_on: str) -> dict[str, Figures]:
    head: dict[str, Figures] = {"folds": {"measured_on": measured_on, "number": plan.folds}}
    return head | fold_figures(book, learnt.folds, learnt.out_of_fold, plan.floor_of_sensitivity)


def _write_figures(
    out: Path,
    plan: TrainingRecipe,
    seed: int,
    book: PictureBook,
    drawn: PictureBook | None,
    measured: Mapping[str, Figures],
) -> None:
    run: Figures = {
        "backbone": plan.backbone,
        "rows": plan.rows,
        "columns": plan.columns,
        "pictures_with_labels": len(book),
        "pictures_with_parts": len(drawn or ()),
        "loss": plan.loss,
        "start": plan.start,
        "seed": seed,
    }
    write_figures(out / FIGURES_FILE, {"training": run, **measured})
