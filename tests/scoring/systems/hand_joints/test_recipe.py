"""The recipe: learns from a centre's own readings, measures, and writes what scoring can open."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from subprocess import DEVNULL

import numpy as np
import pytest
from PIL import Image

from scoring.anatomy.hand_finder import HandFinder
from scoring.catalogue import find_spec
from scoring.errors import LabelError, TrainingError
from scoring.learning.label_table import labels_sha256, read_label_table, write_label_table
from scoring.learning.read_hands import hands_of
from scoring.networks.torch_start import load_weights
from scoring.phantoms.damaged_hands.real_films import films_for
from scoring.phantoms.hand import draw_hand
from scoring.phantoms.truth import truth_rows, write_truth
from scoring.score_rules.sharp_van_der_heijde import SITES
from scoring.systems.hand_joints import training
from scoring.systems.hand_joints.network import JointGrader
from scoring.systems.hand_joints.readings import reading_book
from scoring.weights import read_weights_record
from tests.foreign_programs.programs import wait_until

FOLDER = find_spec("hand_joints").folder
EPOCHS = 4


@pytest.fixture(scope="module")
def readings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten phantom films with their truth, as a centre would hand in films with its readings."""
    folder = tmp_path_factory.mktemp("readings")
    rows = []
    for seed in range(40, 50):
        phantom = draw_hand(seed, spacing_mm=0.4)
        Image.fromarray(np.rint(phantom.pixels * 255).astype(np.uint8)).save(folder / f"hand{seed}.png")
        rows += list(truth_rows(phantom, f"S{seed}", "V1", f"hand{seed}.png"))
    write_truth(folder / "labels.csv", rows)
    return folder


@pytest.fixture(scope="module")
def run(readings: Path) -> Path:
    """A run on them that nobody disturbed."""
    folder = readings / "run"
    assert training.train(readings / "labels.csv", readings, folder, epochs=EPOCHS, seed=3).hands == 8
    return folder


def test_a_centre_learns_from_its_readings_and_measures(
    readings: Path, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = read_weights_record(run / "weights.toml")
    assert "not validated" in record.statement
    assert not record.file("joint_grader").demonstration
    load_weights(JointGrader(), record.file("joint_grader"))
    figures = tomllib.loads((run / "figures.toml").read_text(encoding="utf-8"))
    assert figures["training"]["weights_sha256"] == record.file("joint_grader").sha256
    assert figures["readings"]["sum_of_a_hand"]["hands"] == 2

    monkeypatch.setattr("scoring.evaluation.hand_evaluation.POINTED", 2)
    told = training.evaluate(
        find_spec("hand_joints").with_weights(run), readings / "labels.csv", readings, tmp_path / "report"
    )
    assert told["measured on"] == "10 images of 10 patients in labels.csv, read by 1 reader(s)"
    numbers = json.loads((tmp_path / "report" / "evaluation.json").read_text(encoding="utf-8"))
    assert numbers["statement"] == record.statement, "the weights of the run were measured, not the packaged ones"
    assert numbers["items"]["erosion"]["rows"] == 160


def test_sites_that_the_table_does_not_place_are_found(readings: Path, tmp_path: Path) -> None:
    placed = hands_of(read_label_table(readings / "labels.csv"))[:3]
    with (readings / "labels.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["subject"] in {hand.subject for hand in placed}]
    with (tmp_path / "bare.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["image", "side", "site", "item", "value", "status"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    bare = hands_of(read_label_table(tmp_path / "bare.csv"))
    assert all(not hand.centres for hand in bare)
    finder = HandFinder.open()
    found, known = (reading_book(hands, readings, finder)[0] for hands in (bare, placed))
    assert len(found) >= 2
    if len(found) == len(known):
        np.testing.assert_array_equal(found.grades, known.grades)


def test_a_run_that_was_killed_ends_with_the_same_weights(readings: Path, run: Path, tmp_path: Path) -> None:
    told = ["--labels", readings / "labels.csv", "--images", readings, "--epochs", EPOCHS, "--seed", 3]
    verb = [sys.executable, "-m", "scoring.cli", "train", "hand_joints", "--out", tmp_path / "killed", *told]
    command = [str(word) for word in verb]
    # when: killed as soon as an epoch is done, and begun again
    process = subprocess.Popen(command, stdout=DEVNULL, stderr=DEVNULL)
    there = tmp_path / "killed" / "parts" / "readings.checkpoint"
    wait_until("an epoch is done", lambda: there.exists() or process.poll() is not None, 400)
    process.kill()
    process.wait()
    training.train(readings / "labels.csv", readings, tmp_path / "killed", epochs=EPOCHS, seed=3)
    # then
    for name in ("joint_grader.safetensors", "split.json", "figures.toml", "weights.toml"):
        assert (tmp_path / "killed" / name).read_bytes() == (run / name).read_bytes(), name


def test_a_run_says_what_it_was_begun_with_and_takes_no_other(readings: Path, run: Path) -> None:
    begun = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert begun["data"] == labels_sha256(read_label_table(readings / "labels.csv"))
    assert {"command", "git_revision", "versions"} <= set(begun["record"])
    with pytest.raises(TrainingError, match=rf"run holds another run \(epochs: there {EPOCHS}, now 1\)"):
        training.train(readings / "labels.csv", readings, run, epochs=1, seed=3)


def test_subjects_are_never_on_both_sides(readings: Path, run: Path, tmp_path: Path) -> None:
    # given: the parts that the run was begun with, and a subject put into the other one too
    kept = json.loads((run / "split.json").read_text(encoding="utf-8"))
    assert len(kept["parts"]["training"]) == 8 and len(kept["parts"]["held_out"]) == 2
    kept["parts"]["training"].append(kept["parts"]["held_out"][0])
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "split.json").write_text(json.dumps(kept), encoding="utf-8")
    # then
    with pytest.raises(LabelError, match=r"A subject of the part 'held_out' is in 'training' too"):
        training.train(readings / "labels.csv", readings, tmp_path / "run", epochs=1, seed=3)


def test_readings_of_one_subject_cannot_be_learnt_from_and_measured_on(readings: Path, tmp_path: Path) -> None:
    rows = read_label_table(readings / "labels.csv")
    write_label_table(tmp_path / "one.csv", [row for row in rows if row.subject == "S40"])
    with pytest.raises(LabelError, match="1 subjects with a score for 2 parts"):
        training.train(tmp_path / "one.csv", readings, tmp_path / "run", epochs=1, seed=3)


def test_an_image_that_is_not_there_is_named(readings: Path, tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="hand40"):
        training.train(readings / "labels.csv", tmp_path, tmp_path / "run", epochs=1, seed=3)


def test_no_film_is_learnt_from_and_measured_on() -> None:
    learnt, held_out = set(films_for("training")), set(films_for("held_out"))
    assert len(learnt) == len(held_out) == 36
    assert not learnt & held_out
    placed_by_eye = Path(training.__file__).parents[2] / "anatomy" / "sites_placed_by_eye.csv"
    with placed_by_eye.open(encoding="utf-8", newline="") as file:
        seen_by_finder = {row["image"] for row in csv.DictReader(file) if row["split"] == "training"}
    assert not seen_by_finder & held_out


def test_the_packaged_figures_are_those_of_the_packaged_weights() -> None:
    figures = tomllib.loads((FOLDER / "figures.toml").read_text(encoding="utf-8"))
    record = read_weights_record(FOLDER / "weights.toml").file("joint_grader")
    assert figures["training"]["weights_sha256"] == record.sha256


def test_the_packaged_figures_reach_the_bars() -> None:
    figures = tomllib.loads((FOLDER / "figures.toml").read_text(encoding="utf-8"))
    assert figures["phantoms"]["narrowing"]["quadratic_weighted_kappa"] >= 0.95
    assert figures["phantoms"]["erosion"]["quadratic_weighted_kappa"] >= 0.85
    assert figures["phantoms"]["sum_of_a_hand"]["pearson_correlation"] >= 0.99
    assert figures["healthy_films"]["median_sum"] <= 7
    assert figures["healthy_films"]["percentile_90_sum"] <= 20
    assert figures["pointing"]["hottest_point_in_its_box"] >= 90
    assert figures["pointing"]["with_randomised_weights"] <= 30


def test_every_site_of_the_score_is_in_the_figures() -> None:
    by_site = tomllib.loads((FOLDER / "figures.toml").read_text(encoding="utf-8"))["phantoms"]["kappa_by_site"]
    assert set(by_site["erosion"]) | set(by_site["narrowing"]) == set(SITES)
