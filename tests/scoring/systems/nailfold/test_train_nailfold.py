"""A centre's table of labels becomes weights; a training that is killed ends with the weights it would have had."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import DEVNULL

import pytest

from scoring.cards.card_freshness import check_card
from scoring.cards.writing import write_card_files
from scoring.catalogue import find_spec
from scoring.chosen_weights import with_weights_of
from scoring.errors import LabelError, TrainingError
from scoring.learning.figures_file import read_figures
from scoring.phantoms.nailfold.write_nailfolds import write_nailfold_phantoms
from scoring.score_rules.nailfold_labels import NAILFOLD_LABELS
from scoring.spec import WEIGHTS_RECORD
from scoring.systems.nailfold import training
from scoring.systems.nailfold.network import LabelNetwork
from scoring.weights import read_weights_record
from tests.foreign_programs.programs import wait_until
from tests.scoring.systems.nailfold.small_recipe import SMALL_RECIPE, small_recipe

pytestmark = pytest.mark.timeout(900)
"""Processes that load torch, each with its own limit."""
PATIENTS = 12


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a centre's pictures and readings, a small recipe, and a run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("site")
    for _ in write_nailfold_phantoms(folder / "pictures", PATIENTS, 300, readers=2, columns=128):
        pass
    small_recipe(folder)
    train(folder, "undisturbed")
    return folder


def train(site: Path, run: str, recipe: str = "small.toml", table: str = "readings.csv") -> None:
    training.train(site / "pictures" / table, site / "pictures", site / run, None, 7, site / recipe)


def test_a_table_of_labels_becomes_weights_with_figures_and_a_card(site: Path) -> None:
    """Half the card is the table of the abstract that the system follows: F1 by label and fold, and their mean."""
    run = site / "undisturbed"
    network = LabelNetwork.open(read_weights_record(run / WEIGHTS_RECORD))
    figures = read_figures(run)
    # then: a third of the patients taught nothing, every picture is somewhere once, thresholds are those of the figures
    assert figures["unseen"]["patients"] == PATIENTS // 3
    assert (
        figures["unseen"]["pictures"] + sum(figures["folds"][f"fold_{n}"]["pictures"] for n in (1, 2)) == 16 * PATIENTS
    )
    for label in NAILFOLD_LABELS:
        assert figures["unseen"][label]["threshold"] == network.thresholds[label]
        assert figures["unseen"][label]["always_yes_f1"] == pytest.approx(
            2 * (p := figures["unseen"][label]["prevalence"]) / (1 + p), abs=1e-3
        )
    spec = with_weights_of(find_spec("nailfold"), run)
    card = write_card_files(spec, training.figures_in_words(run), None).read_text(encoding="utf-8")
    assert "| mean of folds |" in card and "held-out patients of readings.csv" in card
    check_card(spec, run)


def test_a_run_that_was_killed_ends_with_the_same_weights(site: Path) -> None:
    pictures, parts = site / "pictures", site / "killed" / "parts"
    command = [sys.executable, "-m", "scoring.cli", "train", "nailfold", "--labels", f"{pictures}/readings.csv"]
    command += ["--images", str(pictures), "--recipe", f"{site}/small.toml", "--out", f"{site}/killed"]
    process = subprocess.Popen(command, stdout=DEVNULL, stderr=DEVNULL)
    # when: killed as soon as this file is there
    there = parts / "fold_1.checkpoint"
    wait_until("a checkpoint is written", lambda: there.exists() or process.poll() is not None, 400)
    process.kill()
    process.wait()
    train(site, "killed")
    # then
    for name in ("label_network.safetensors", "labels.toml", "figures.toml", WEIGHTS_RECORD):
        assert (site / "killed" / name).read_bytes() == (site / "undisturbed" / name).read_bytes(), name


def never_giant(row: dict[str, str]) -> None:
    if row["item"] == "giant" and row["value"]:
        row["value"] = "0"


def sixth_finger(row: dict[str, str]) -> None:
    row["site"] = row["site"].replace("RING", "SIXTH")


def another_picture(row: dict[str, str]) -> None:
    row["image"] = row["image"].replace("-r-ring-1", "-r-ring-9").replace("-R-ring-1", "-R-ring-9")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (never_giant, r"the label 'giant' is never present, so nothing can be told apart in it"),
        (sixth_finger, r"site: found 'SIXTH', wanted one of THUMB, INDEX, MIDDLE, RING, LITTLE"),
        (another_picture, r"has 0 files for the image 'nailfold-300-R-ring-9.jpg'"),
    ],
)
def test_a_table_that_cannot_be_learnt_from_is_refused_by_name(
    site: Path, change: Callable[[dict[str, str]], None], said: str
) -> None:
    with (site / "pictures" / "truth.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        change(row)
    with (site / "pictures" / "wrong.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(LabelError, match=said):
        train(site, f"wrong-{change.__name__}", table="wrong.csv")


def test_published_weights_that_forbid_commercial_use_are_refused(site: Path) -> None:
    """ConvNeXt V2's are CC BY-NC 4.0: said before anything is fetched or a picture opened; V1's may be used."""
    text = 'backbone = "convnextv2_tiny"\nstart = "hub"\ncommercial = true\nrows = 224\ncolumns = 224\nfolds = 2\n'
    (site / "commercial.toml").write_text(text + SMALL_RECIPE[SMALL_RECIPE.index("[labels]") :], encoding="utf-8")
    with pytest.raises(TrainingError, match=r"convnextv2_tiny are under the licence cc-by-nc-4\.0.*convnext_tiny"):
        train(site, "commercial", "commercial.toml")


def test_another_recipe_in_the_same_folder_is_refused(site: Path) -> None:
    (site / "longer.toml").write_text(SMALL_RECIPE.replace("epochs = 2", "epochs = 3"), encoding="utf-8")
    with pytest.raises(TrainingError, match=r"undisturbed holds another run \(recipe"):
        train(site, "undisturbed", "longer.toml")
