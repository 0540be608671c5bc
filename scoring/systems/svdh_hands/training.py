"""The recipe: what ``train``, ``evaluate`` and ``card`` do for this system.

Demonstration weights learn from phantoms, and from children's films with their skeletal age where those are at hand.
A centre's weights learn from its own readings by a recipe that it chooses (``recipe.toml``). Everything random comes
from the seed, and every course of every network is a part of the run's folder: the same command goes on where it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scoring.errors import LabelError
from scoring.evaluation.hand_evaluation import evaluate_hands
from scoring.learning.data_sets import CENTRE_S_OWN, HAND_PHANTOMS, HEALTHY_JOINTS, OURS, RSNA_TERMS, SKELETAL_AGE
from scoring.learning.figures_file import FIGURES_FILE, Figures, write_figures
from scoring.learning.label_table import labels_sha256, read_label_table
from scoring.learning.labelled_images import check_images
from scoring.learning.progress import Progress
from scoring.learning.run_files import READINGS_STATEMENT, RunFiles, train_command
from scoring.learning.side_processes import WORKERS
from scoring.learning.training_run import TrainingRun, training_run
from scoring.phantoms.damaged_hands.real_films import FILMS
from scoring.spec import SystemSpec, read_spec
from scoring.systems.svdh_hands.bone_age import age_book
from scoring.systems.svdh_hands.calibrating import calibrated
from scoring.systems.svdh_hands.drawn_hands import drawn_hands
from scoring.systems.svdh_hands.ensemble import Ensemble
from scoring.systems.svdh_hands.figures import fold_figures, phantom_figures
from scoring.systems.svdh_hands.film_book import real_hands
from scoring.systems.svdh_hands.hand_book import HandBook
from scoring.systems.svdh_hands.learning import Lessons, Teacher
from scoring.systems.svdh_hands.learnt_files import write_ensemble
from scoring.systems.svdh_hands.model_card import figures_in_words as figures_in_words
from scoring.systems.svdh_hands.onnx_networks import write_onnx as write_onnx
from scoring.systems.svdh_hands.readings import reading_book
from scoring.systems.svdh_hands.system import open_system
from scoring.systems.svdh_hands.totals import severity_cuts
from scoring.systems.svdh_hands.training_recipe import HandPhase, TrainingRecipe, read_recipe
from scoring.systems.svdh_hands.unseen_hands import CALIBRATED, MEASURED, judged_patients, unseen_patients
from scoring.weights import WeightRecord, WeightsRecord, all_weights

_FOLDER: Final = Path(__file__).parent
_RECIPE: Final = _FOLDER / "recipe.toml"
_DEMONSTRATION: Final = _FOLDER / "demonstration.toml"

DEMONSTRATION_STATEMENT: Final = (
    "demonstration weights; totals and severity learnt on drawn damage only; for research use only"
)

_FIRST_PHANTOM: Final = 2_000_000
"""Seeds of training phantoms begin here, far from those that anyone measures on."""
_NO_MORE_HANDS: Final = 1_000_000
"""Those whose totals are learnt begin so many after those whose damage is known by place."""


@dataclass(frozen=True, slots=True)
class TrainingSummary:
    """What a training run left behind; ``hands`` that had a total."""

    folder: Path
    members: tuple[str, ...]
    hands: int
    seed: int

    def __str__(self) -> str:
        return (
            f"{self.folder}: {' and '.join(self.members)}, stacked; learnt from the totals of {self.hands} hands, "
            f"seed {self.seed}; figures in {FIGURES_FILE}"
        )


def train_demonstration(
    data: Path | None, out: Path, seed: int, epochs: int | None, recipe: Path | None = None
) -> TrainingSummary:
    """Learn from phantoms and, with ``data``, from the bone-age films below it; measure on unseen phantoms."""
    path = recipe or _DEMONSTRATION
    plan, films = read_recipe(path), data / FILMS if data else None
    with training_run("svdh_hands", out, seed, epochs, recipe=plan.as_json(), films=films is not None) as run:
        teacher = Teacher(plan, severity_cuts(_spec()), run, path.parent)
        teacher.open_trunks()
        totals = _drawn(plan.totals, plan, _first_phantom(seed) + _NO_MORE_HANDS, films, run.progress)
        if totals is None:
            raise LabelError(f"{path.name} draws no hands whose totals could be learnt; give totals.hands.")
        teacher.folds(totals)  # a fault of these is said before more is drawn
        lessons = _lessons(plan, totals.without_places(), films, run)
        learnt = teacher.learn(lessons)
        files = RunFiles(
            "svdh_hands",
            out,
            DEMONSTRATION_STATEMENT,
            licence=RSNA_TERMS if films else OURS,
            learnt_from="Totals and severity of hands whose damage is drawn, by us"
            + ("; trunks first on the skeletal age of healthy children's films." if films else "."),
            data=(HAND_PHANTOMS, *_sets_of_films(plan)) if films else (HAND_PHANTOMS,),
            command=train_command("svdh_hands", f"--demonstration{' --data DIR' if films else ''}", seed, recipe),
            demonstration=True,
        )
        weights = write_ensemble(files, plan, learnt)
        measured = _measured_on_phantoms(files, weights, run.progress)
    write_figures(out / FIGURES_FILE, _about(plan, lessons, seed) | fold_figures(plan, learnt, totals) | measured)
    return TrainingSummary(out, tuple(learnt.networks), len(totals), seed)


def train(
    labels: Path, images: Path, out: Path, epochs: int | None, seed: int, recipe: Path | None = None
) -> TrainingSummary:
    """Learn from a centre's readings (``scoring.learning.label_table``): every hand whose total its readers gave."""
    path = recipe or _RECIPE
    plan, read = read_recipe(path), read_label_table(labels)
    films = path.parent / plan.bone_age_films if plan.bone_age_films else None
    with training_run("svdh_hands", out, seed, epochs, recipe=plan.as_json(), data=labels_sha256(read)) as run:
        check_images(read, images)  # before a trunk is fetched
        teacher = Teacher(plan, severity_cuts(_spec()), run, path.parent)
        teacher.open_trunks()
        totals = reading_book(read, images, plan.pixels, run.progress)
        teacher.folds(totals)
        lessons = _lessons(plan, totals, films, run)
        learnt = teacher.learn(lessons)
        files = RunFiles(
            "svdh_hands",
            out,
            READINGS_STATEMENT,
            licence=f"{CENTRE_S_OWN}; {RSNA_TERMS}" if films else CENTRE_S_OWN,
            learnt_from=f"Totals and severity: {len(totals)} hands of {labels.name}, read by the centre.",
            data=(labels.name, *((HAND_PHANTOMS,) if lessons.joints else ()), *(_sets_of_films(plan) if films else ())),
            command=train_command("svdh_hands", f"--labels {labels.name} --images DIR", seed, recipe),
            demonstration=False,
        )
        files.write_record(write_ensemble(files, plan, learnt))
    write_figures(out / FIGURES_FILE, _about(plan, lessons, seed) | fold_figures(plan, learnt, totals))
    return TrainingSummary(out, tuple(learnt.networks), len(totals), seed)


def evaluate(spec: SystemSpec, labels: Path, images: Path, out: Path) -> dict[str, Any]:
    """Measure the weights that ``spec`` names against readings; page and numbers in ``out``."""
    return evaluate_hands(open_system(spec), labels, images, out)


def _spec() -> SystemSpec:
    return read_spec(_FOLDER / "spec.toml")


def _lessons(plan: TrainingRecipe, totals: HandBook, films: Path | None, run: TrainingRun) -> Lessons:
    """The totals, and what the recipe wants to be learnt before them."""
    joints = _drawn(plan.joints, plan, _first_phantom(run.seed), films, run.progress) if plan.joints else None
    ages = None
    if films is not None and plan.bone_age is not None:
        ages = age_book(films, plan.bone_age.pixels or plan.pixels, run.progress)
    return Lessons(totals, joints, ages)


def _first_phantom(seed: int) -> int:
    return _FIRST_PHANTOM * (1 + seed)


def _drawn(
    course: HandPhase, plan: TrainingRecipe, first: int, films: Path | None, progress: Progress
) -> HandBook | None:
    return drawn_hands(course, plan.pixels, first, films, WORKERS, progress)


def _sets_of_films(plan: TrainingRecipe) -> tuple[str, ...]:
    """What the recipe learns from films that are at hand, in words."""
    drawn_into = plan.totals.damaged or (plan.joints is not None and plan.joints.damaged)
    return ((SKELETAL_AGE,) if plan.bone_age else ()) + ((HEALTHY_JOINTS,) if drawn_into else ())


def _measured_on_phantoms(files: RunFiles, weights: tuple[WeightRecord, ...], progress: Progress) -> dict[str, Figures]:
    """Measure the written weights on unseen phantom patients, and calibrate them on others."""
    spec = _spec()
    cuts = severity_cuts(spec)
    ensemble = Ensemble.open(WeightsRecord(files.statement, weights), cuts)
    patients, _ = unseen_patients(CALIBRATED, ensemble.shape.pixels, WORKERS, progress)
    said = f"{len(patients)} phantom patients, both hands, the whole chain; no person with arthritis"
    shared = all_weights(spec.shared_weights)
    calibration = calibrated(judged_patients(ensemble, patients), spec, (*shared, *weights), said)
    files.write_record(weights, calibration)
    patients, searched = unseen_patients(MEASURED, ensemble.shape.pixels, WORKERS, progress)
    said = f"{len(patients)} unseen phantom patients both of whose hands the hand finder found"
    return phantom_figures(judged_patients(ensemble, patients), searched, cuts, said)


def _about(plan: TrainingRecipe, lessons: Lessons, seed: int) -> dict[str, Figures]:
    return {
        "training": {
            "hands_with_totals": len(lessons.totals),
            "hands_with_places": len(lessons.joints) if lessons.joints else 0,
            "real_hands_with_places": real_hands(lessons.joints) if lessons.joints else 0,
            "real_hands_with_totals": real_hands(lessons.totals),
            "bone_age_films": len(lessons.ages) if lessons.ages else 0,
            "folds": plan.folds,
            "pixels": plan.pixels,
            "seed": seed,
        }
    }
