"""A training that is killed ends with the weights that it would have had; another one does not take its folder.

What a stranger types around it, up to the node, is in ``tests/journey/test_own_weights.py``; kills at random moments of
a recipe with every course are in ``benchmarks/training_kills.py``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from subprocess import DEVNULL

import pytest

from scoring.errors import LabelError, TrainingError
from scoring.phantoms.write_phantoms import write_hand_phantoms
from scoring.spec import WEIGHTS_RECORD
from scoring.systems.svdh_hands import training
from tests.foreign_programs.programs import wait_until
from tests.scoring.systems.svdh_hands.small_recipe import SMALL_RECIPE, small_recipe

pytestmark = pytest.mark.timeout(900)
"""Processes that load torch, each with its own limit."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with phantoms, a small recipe, and a run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("site")
    for _ in write_hand_phantoms(folder / "films", 8, 300):
        pass
    small_recipe(folder)
    train(folder, "undisturbed")
    return folder


def train(site: Path, run: str, recipe: str = "small.toml") -> None:
    training.train(site / "films" / "truth.csv", site / "films", site / run, None, 7, site / recipe)


def test_a_run_that_was_killed_ends_with_the_same_weights(site: Path) -> None:
    films, parts = site / "films", site / "killed" / "parts"
    command = [sys.executable, "-m", "scoring.cli", "train", "svdh_hands", "--labels", f"{films}/truth.csv"]
    command += ["--images", str(films), "--recipe", f"{site}/small.toml", "--out", f"{site}/killed"]
    for moment in ("tiny-fold_1.checkpoint", "tiny-fold_1.safetensors"):
        # when: killed as soon as this file is there
        process = subprocess.Popen(command, stdout=DEVNULL, stderr=DEVNULL)
        there = parts / moment
        wait_until(f"{moment} is written", lambda there=there, p=process: there.exists() or p.poll() is not None, 400)
        process.kill()
        process.wait()
    train(site, "killed")
    # then
    for name in ("tiny.safetensors", "ensemble.toml", "figures.toml", WEIGHTS_RECORD):
        assert (site / "killed" / name).read_bytes() == (site / "undisturbed" / name).read_bytes(), name


@pytest.mark.parametrize(
    ("found", "instead", "said"),
    [
        ('scheme = "last_stage"', 'start = "gone.safetensors"', r"gone\.safetensors is no safetensors file"),
        ("folds = 2", "folds = 9", r"There are \d subjects with a score for 9 parts, so a part would be empty"),
    ],
)
def test_what_cannot_be_learnt_is_said_before_phantoms_are_drawn(
    site: Path, found: str, instead: str, said: str
) -> None:
    """A million of them: it would take weeks."""
    courses = SMALL_RECIPE.replace(found, instead) + "\n[joints]\nepochs = 1\nbatch = 4\nrate = 1e-3\nhands = 1000000\n"
    (site / "wrong.toml").write_text(courses, encoding="utf-8")
    with pytest.raises((TrainingError, LabelError), match=said):
        train(site, f"wrong-{found[:5]}", "wrong.toml")


def test_another_recipe_in_the_same_folder_is_refused(site: Path) -> None:
    (site / "longer.toml").write_text(SMALL_RECIPE.replace("epochs = 2", "epochs = 3"), encoding="utf-8")
    with pytest.raises(TrainingError, match=r"undisturbed holds another run \(recipe"):
        train(site, "undisturbed", "longer.toml")
