"""The hand finder learns by the loop of all recipes: killed, it ends with the same weights; bad input is a sentence."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from scoring.anatomy import overview_material, training
from scoring.anatomy.boxed_hands import read_boxed_hands
from scoring.anatomy.hand_finder import HandFinder
from scoring.anatomy.overview_material import PalmMaterial
from scoring.anatomy.training_pictures import grey
from scoring.anatomy.training_sets import BONE_AGE, BOXES, MEDNIST
from scoring.errors import LabelError, TrainingError
from scoring.learning.showing_order import chance_of
from scoring.phantoms.hand import draw_hand
from scoring.weights import read_weights_record
from tests.scoring.anatomy.small_finder import SEED, small_data, train

pytestmark = pytest.mark.timeout(900)
"""A process that loads torch, with its own limit."""
WRITTEN = ("overview.safetensors", "sites.safetensors", "weights.toml", "split.json")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def run(data: Path) -> Path:
    """A run that nobody disturbed."""
    train(data, data / "run")
    return data / "run"


def test_what_was_learnt_can_be_opened_and_says_what_it_is(run: Path) -> None:
    record = read_weights_record(run / "weights.toml")
    assert record.system == "" and "research use only" in record.statement
    assert any("MedNIST" in one for one in record.file("overview").data)
    assert not any("MedNIST" in one for one in record.file("sites").data)
    HandFinder.open(run).find(draw_hand(1, spacing_mm=0.6).pixels)


def test_a_run_tells_its_course_its_data_and_who_was_held_out(run: Path) -> None:
    begun = json.loads((run / "run.json").read_text(encoding="utf-8"))
    split = json.loads((run / "split.json").read_text(encoding="utf-8"))
    assert begun["seed"] == SEED and begun["data"] == split["data_sha256"]
    assert {"command", "git_revision", "versions"} <= set(begun["record"])
    assert len(split["parts"]["held_out"]) == 52, "40 boxed films, and 12 placed by eye"
    with (run / "training_log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["part"] for row in rows] == ["overview"] * begun["epochs"][0] + ["sites"] * begun["epochs"][1]


KILLED_AT_THE_SECOND_CHECKPOINT = """
import signal, sys
from pathlib import Path
checkpoints = 0
def hook(event, arguments):
    global checkpoints
    if event == "os.rename" and str(arguments[1]).endswith("overview.checkpoint"):
        checkpoints += 1
        if checkpoints == 2:
            signal.setitimer(signal.ITIMER_REAL, 1e-6)  # nobody handles its signal: the kernel ends the process
from tests.scoring.anatomy.small_finder import train
sys.addaudithook(hook)
train(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def test_a_training_that_is_killed_ends_with_the_same_weights(data: Path, run: Path, tmp_path: Path) -> None:
    words = [sys.executable, "-c", KILLED_AT_THE_SECOND_CHECKPOINT, str(data), str(tmp_path / "killed")]
    assert subprocess.run(words, check=False, timeout=400).returncode == -signal.SIGALRM
    assert [path.name for path in (tmp_path / "killed" / "parts").glob("*.checkpoint")] == ["overview.checkpoint"]
    train(data, tmp_path / "killed")
    for name in WRITTEN:
        assert (tmp_path / "killed" / name).read_bytes() == (run / name).read_bytes(), name


def test_another_training_does_not_take_its_folder(data: Path, run: Path) -> None:
    with pytest.raises(TrainingError, match=r"run holds another run \(seed: there 7, now 8\)"):
        train(data, run, seed=8)


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        (f"{BOXES}/*.xml", "holds no joint boxes; wanted: rsna-bone-age"),
        (f"{MEDNIST}/*/*.jpeg", "holds no pictures of other anatomy; wanted"),
        (f"{BONE_AGE}/images_full/*.png", r"lacks rsna-bone-age/images_full/\d+\.png; wanted"),
        (f"{BONE_AGE}/images_100px/*.png", r"lacks rsna-bone-age/images_100px/\d+\.png; wanted"),
    ],
)
def test_a_data_set_that_is_not_there_is_named(tmp_path: Path, data: Path, gone: str, said: str) -> None:
    for path in data.rglob("*"):
        if path.is_file() and not path.is_relative_to(data / "run") and not path.relative_to(data).match(gone):
            (tmp_path / path.relative_to(data)).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path.relative_to(data)).symlink_to(path)
    with pytest.raises(LabelError, match=said):
        training.train(tmp_path, tmp_path / "run", SEED)
    assert not (tmp_path / "run").exists(), "nothing was begun"


def test_damaged_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "7.xml").write_text("<annotation>", encoding="utf-8")
    (tmp_path / "7.png").write_bytes(b"half a file")
    with pytest.raises(LabelError, match=r"joint boxes of 7\.xml cannot be read"):
        read_boxed_hands(tmp_path)
    with pytest.raises(LabelError, match=r"7\.png cannot be read as a picture"):
        grey(tmp_path / "7.png")


@pytest.mark.parametrize(
    ("more", "said"), [([], "RS-130: The folder .* no joint boxes"), (["--shorter", "0"], "RS-131: --shorter is 0")]
)
def test_the_command_ends_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: list[str], said: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["training", "--data", str(tmp_path), "--out", str(tmp_path / "run"), *more])
    with pytest.raises(SystemExit, match=said):
        training.main()


def test_palms_are_where_the_views_show_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hands that are a bright spot at the palm's centre and a fainter one a third of the way to the knuckle."""
    monkeypatch.setattr(overview_material, "exposed", lambda draw, views, share: (views, torch.zeros(len(views))))
    for as_they_are in ("contrast", "_even"):
        monkeypatch.setattr(overview_material, as_they_are, lambda views: views)
    centres, up = np.array([[90.0, 110.0], [100.0, 100.0], [96.0, 120.0]], np.float32), np.array([12.0, -60.0])
    canvases = np.stack([_spot(centre, 1.0) + _spot(centre + up / 3, 0.6) for centre in centres])[:, None]
    ups = np.tile(up, (3, 1)).astype(np.float32)
    material = PalmMaterial(canvases.astype(np.float16), centres, ups, np.zeros((2, 1, 192, 192), np.float16))
    shown = material.batch(np.tile(np.arange(3), 10), chance_of(1))
    views, palms = shown["views"][:, 0], shown["palms"]
    found = palms[..., 0].isfinite()
    assert found.sum(1).tolist() == [1] * 20 + [2] * 5 + [0] * 15
    assert _level(views, palms[..., :2], found).min() > 0.7
    third = _level(views, palms[..., :2] + palms[..., 2:] / 3, found)
    assert third.min() > 0.4 and third.max() < 0.7
    assert _level(views, palms[..., :2] - palms[..., 2:] / 3, found).max() < 0.1


def _spot(centre: np.ndarray[tuple[int, ...], np.dtype[np.float64]], level: float) -> np.ndarray:
    y, x = np.mgrid[0:192, 0:192]
    return level * np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * 6.0**2))


def _level(views: Tensor, places: Tensor, found: Tensor) -> Tensor:
    view, _ = torch.nonzero(found, as_tuple=True)
    x, y = places[found].round().long().clamp(0, views.shape[-1] - 1).T
    return views[view, y, x]
