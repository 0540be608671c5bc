"""`phantom`, `train`, `evaluate` and `card` as a stranger types them; a killed training ends with the same weights."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL

import pytest

from dicom_node.settings import ScoringSection
from dicom_node.systems_in_use import systems_in_use
from scoring.learning.label_table import read_label_table
from scoring.spec import WEIGHTS_RECORD
from tests.foreign_programs.programs import wait_until
from tests.scoring.systems.svdh_hands.small_recipe import small_recipe

pytestmark = pytest.mark.timeout(900)
"""Many processes that load torch, each with its own limit."""


def verb(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "scoring.cli", *map(str, arguments)]


def done(*arguments: object) -> str:
    found = subprocess.run(verb(*arguments), capture_output=True, text=True, timeout=400, check=False)
    assert found.returncode == 0, found.stderr
    return found.stdout


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with phantoms, two simulated readers, a small recipe, and a run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("site")
    done("phantom", "hand", "--out", folder / "films", "-n", 8, "--seed", 300, "--readers", 2)
    small_recipe(folder)
    done(*training(folder, "undisturbed"))
    yield folder


def training(site: Path, run: str) -> list[object]:
    films = site / "films"
    recipe = site / "small.toml"
    return ["train", "svdh_hands", "--labels", films / "truth.csv", "--images", films, "--recipe", recipe,
            "--out", site / run]  # fmt: skip


def test_a_run_that_was_killed_ends_with_the_same_weights(site: Path) -> None:
    parts = site / "killed" / "parts"
    for moment in ("tiny-fold_1.checkpoint", "tiny-fold_1.safetensors"):
        # when: killed as soon as this file is there
        process = subprocess.Popen(verb(*training(site, "killed")), stdout=DEVNULL, stderr=DEVNULL)
        there = parts / moment
        wait_until(f"{moment} is written", lambda there=there, p=process: there.exists() or p.poll() is not None, 400)
        process.kill()
        process.wait()
    done(*training(site, "killed"))
    # then
    for name in ("tiny.safetensors", "ensemble.toml", WEIGHTS_RECORD):
        assert (site / "killed" / name).read_bytes() == (site / "undisturbed" / name).read_bytes(), name


def test_a_run_is_measured_and_has_its_card(site: Path) -> None:
    run, films, report = site / "undisturbed", site / "films", site / "report"
    told = done("evaluate", "svdh_hands", "--labels", films / "readings.csv", "--images", films, "--out", report,
                "--weights", run)  # fmt: skip
    assert "ICC(2,1)" in told
    found = json.loads((report / "evaluation.json").read_text(encoding="utf-8"))
    assert list(found["items"]) == ["sum_of_a_hand"], "there is no grade of a site to be measured"
    item = found["items"]["sum_of_a_hand"]
    full = {label.image for label in read_label_table(films / "readings.csv") if label.value is not None}
    assert 0 < item["rows"] <= len(full)
    card = Path(done("card", "svdh_hands", "--weights", run, "--evaluation", report).strip())
    text = card.read_text(encoding="utf-8")
    assert "same folds" in text and "`mobilenetv2_035`" in text
    assert "No person with arthritis" not in text, "that is of the packaged weights"


def test_one_line_of_the_node_s_settings_brings_the_run_into_use(site: Path) -> None:
    used = systems_in_use(ScoringSection(weights={"svdh_hands": site / "undisturbed"}))
    found = next(spec for spec in used if spec.key == "svdh_hands")
    assert found.has_weights
    assert found.weights_files[0] == site / "undisturbed" / WEIGHTS_RECORD


def test_another_recipe_in_the_same_folder_is_refused(site: Path) -> None:
    recipe = site / "small.toml"
    before = recipe.read_text(encoding="utf-8")
    recipe.write_text(before.replace("epochs = 2", "epochs = 3"), encoding="utf-8")
    again = verb(*training(site, "undisturbed"))
    found = subprocess.run(again, capture_output=True, text=True, timeout=400, check=False)
    recipe.write_text(before, encoding="utf-8")
    assert found.returncode == 1
    assert found.stderr.splitlines()[-1].startswith("RS-131: undisturbed holds another run (recipe")
