"""What may be wrong with a centre's readings, images, disk and checkpoints: a sentence says which, and what to do.

Faults of the table are asked of every system that learns from readings, before any network is built.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file
from typer.testing import CliRunner

from scoring.cli import build_app
from scoring.errors import LabelError, TrainingError
from scoring.learning.run_folder import RunFolder
from scoring.phantoms.write_phantoms import write_hand_phantoms
from scoring.spec import WEIGHTS_RECORD
from scoring.systems.hand_joints import training as hand_joints
from scoring.systems.hand_joints.crop_book import NOT_GRADED, CropBook
from scoring.systems.hand_joints.crop_material import Source
from scoring.systems.hand_joints.learning import learn
from scoring.systems.hand_joints.preprocessing import WINDOW
from scoring.systems.svdh_hands import training as svdh_hands
from tests.scoring.learning.small_course import train as train_small

Row = dict[str, str]
Change = Callable[[list[Row]], None]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two DICOM phantoms, each of one hand, with their truth."""
    folder = tmp_path_factory.mktemp("films")
    for _ in write_hand_phantoms(folder, 2, 70, dicom=True):
        pass
    return folder


def every(column: str, value: str, image: str = "") -> Change:
    """Another value in a column, in the rows of an image or in all."""

    def change(rows: list[Row]) -> None:
        for row in rows:
            if image in row["image"]:
                row[column] = value

    return change


def first(column: str, value: str) -> Change:
    def change(rows: list[Row]) -> None:
        rows[0][column] = value

    return change


def other_side(rows: list[Row]) -> None:
    for row in rows:
        if "70" in row["image"]:
            row["side"] = {"L": "R", "R": "L"}[row["side"]]


def two_images_one_label(rows: list[Row]) -> None:
    rows.append(rows[0] | {"image": "phantom-71.dcm"})


def one_row_by_another_name(rows: list[Row]) -> None:
    """The visit is taken out, for which it would be a second image."""
    every("visit", "")(rows)
    rows[0]["image"] = "phantom-70"
    rows[0]["subject"] = rows[1]["subject"]
    rows[:] = [*rows[1:], rows[0]]


FAULTS: dict[str, tuple[Change, str]] = {
    "value out of range": (first("value", "6"), r"truth\.csv, row 2, value: found '6', wanted a number from 0 to 5"),
    "value that is none": (first("value", "bad"), r"row 2, value: found 'bad', wanted a number"),
    "unknown site": (first("site", "DIP2"), r"row 2, site: found 'DIP2', wanted one of IP1"),
    "image missing": (every("image", "gone.dcm", "70"), r"the image 'gone\.dcm': .* 0 files for the image"),
    "two images claim one label": (two_images_one_label, r"row \d+, (subject|image): row \d+ (gives|names)"),
    "two names of one image": (one_row_by_another_name, r"'phantom-70\.dcm' and 'phantom-70' name one image"),
    "sides that disagree": (other_side, r"'phantom-70\.dcm' says that its side is [LR], readings say [LR]"),
}


@pytest.mark.parametrize("system", [hand_joints, svdh_hands], ids=["hand_joints", "svdh_hands"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_readings_is_named_and_nothing_is_learnt(
    films: Path, tmp_path: Path, system: Any, fault: str
) -> None:
    # given
    change, said = FAULTS[fault]
    with (films / "truth.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    change(rows)
    (tmp_path / "labels").mkdir()
    table = tmp_path / "labels" / "truth.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    # when
    with pytest.raises(LabelError, match=said):
        system.train(table, films, tmp_path / "run", 1, 3)
    # then
    assert not (tmp_path / "run" / WEIGHTS_RECORD).exists()
    assert not list(tmp_path.rglob("*.safetensors"))


def test_a_reader_whom_the_study_does_not_know_is_named(films: Path, tmp_path: Path) -> None:
    arguments = ["--labels", f"{films}/truth.csv", "--images", str(films), "--out", str(tmp_path / "out")]
    command = [sys.executable, "-m", "scoring.cli", "evaluate", "hand_joints", *arguments, "--reader", "Dr Who"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 1
    assert "RS-130: truth.csv, row 2, reader: found '', wanted one of Dr Who." in done.stderr, "truth is no reader"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("readers", "said"), [(["r1"], "row 3, reader: found 'r2'"), (["r1", "r2"], "missing.jpg")])
def test_a_reader_of_pictures_is_named_too(tmp_path: Path, readers: list[str], said: str) -> None:
    row = "P,missing.jpg,L,INDEX,giant,1,"
    table = tmp_path / "read.csv"
    table.write_text(f"subject,image,side,site,item,value,reader\n{row}r1\n{row}r2\n", encoding="utf-8")
    chosen = [word for reader in readers for word in ("--reader", reader)]
    arguments = ["--labels", str(table), "--images", str(tmp_path), "--out", str(tmp_path / "out"), *chosen]
    done = CliRunner().invoke(build_app(), ["evaluate", "nailfold", *arguments])
    assert isinstance(done.exception, LabelError)
    assert said in str(done.exception)
    assert "item" not in str(done.exception), "giant is an item of nailfold"


def learnt(folder: Path, book: CropBook) -> None:
    with RunFolder(folder, {"system": "hand_joints"}) as run:
        learn([Source(book)], 1, 3, run.part("grader"))


def test_readings_without_a_grade_leave_nothing_to_learn_from(tmp_path: Path) -> None:
    book = CropBook(np.zeros((1, 22, WINDOW, WINDOW), np.float16), np.full((1, 22, 2), NOT_GRADED, np.float32))
    with pytest.raises(TrainingError, match="No site of any hand has a grade"):
        learnt(tmp_path, book)


def test_an_image_of_no_numbers_ends_learning_with_its_place(tmp_path: Path) -> None:
    book = CropBook(np.full((1, 22, WINDOW, WINDOW), np.nan, np.float16), np.zeros((1, 22, 2), np.float32))
    with pytest.raises(TrainingError, match="grader: the loss is no number in epoch 1, near batch 1"):
        learnt(tmp_path, book)


def test_a_checkpoint_of_other_code_is_refused(tmp_path: Path) -> None:
    """Only its header is read before that: it holds tensors and JSON, and can do nothing."""
    with RunFolder(tmp_path, {"system": "svdh_hands", "recipe": {"pixels": 64}}):
        pass
    with (
        pytest.raises(TrainingError, match=r"another run \(recipe: there .*'pixels': 64.*, now .*'pixels': 128"),
        RunFolder(tmp_path, {"system": "svdh_hands", "recipe": {"pixels": 128}}),
    ):
        pass


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB. Only root may mount one: then the test must run."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=False)
    if mounted.returncode:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("a small disk cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_fills_up_under_a_training_leaves_what_it_goes_on_from(small_disk: Path, tmp_path: Path) -> None:
    # given: a disk on which a checkpoint and the one that replaces it have no room together
    ballast = small_disk / "ballast"
    room = shutil.disk_usage(small_disk).free - (16 << 10)
    ballast.write_bytes(b"\0" * room)
    # when
    with pytest.raises(TrainingError, match=r"could not be written \(No space left on device\)\. Make room"):
        train_small(small_disk / "run")
    # then: nothing half-written lies there, and with room again it ends as if nothing had been
    assert not list(small_disk.rglob("*.part"))
    ballast.unlink()
    train_small(small_disk / "run")
    train_small(tmp_path / "undisturbed")
    ended, wanted = (
        load_file(f / "parts" / "blobs.safetensors") for f in (small_disk / "run", tmp_path / "undisturbed")
    )
    assert all(bool((ended[name] == wanted[name]).all()) for name in wanted)
