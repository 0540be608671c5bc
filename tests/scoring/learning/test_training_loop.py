"""The loop: it learns, it may be killed anywhere, and what goes wrong is a sentence."""

from __future__ import annotations

import contextlib
import csv
import errno
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn

from scoring.errors import LabelError, TrainingError
from scoring.learning import checkpoint
from scoring.learning.batch_stream import Batch
from scoring.learning.course import Course
from scoring.learning.run_folder import LOG_FILE, RunFolder
from scoring.learning.split import Split
from scoring.learning.training_loop import fit
from tests.foreign_programs.programs import wait_until
from tests.scoring.learning.small_course import (
    COURSE,
    PROCESSOR,
    Blobs,
    closeness,
    loss,
    small_network,
    train,
)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("uninterrupted")
    train(folder)
    return folder


def weights_of(folder: Path) -> dict[str, Tensor]:
    return load_file(folder / "parts" / "blobs.safetensors")


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def log_of(folder: Path) -> list[dict[str, str]]:
    with (folder / LOG_FILE).open(newline="") as file:
        return list(csv.DictReader(file))


def test_it_learns_and_keeps_its_best_epoch(uninterrupted: Path) -> None:
    network = small_network()
    untrained = closeness(network.eval())
    network.load_state_dict(weights_of(uninterrupted))
    measures = [float(row["measure"]) for row in log_of(uninterrupted)]
    assert len(measures) == COURSE.epochs
    assert closeness(network) == pytest.approx(max(measures), abs=1e-5)
    assert max(measures) > untrained / 2


KILLED_AFTER = """
import signal, sys
from pathlib import Path
checkpoints, delay, folder = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
def hook(event, arguments):
    global checkpoints
    if event == "os.rename" and str(arguments[1]).endswith(".checkpoint"):
        checkpoints -= 1
        if checkpoints == 0:
            signal.setitimer(signal.ITIMER_REAL, delay)  # nobody handles its signal: the kernel ends the process
from tests.scoring.learning.small_course import train
sys.addaudithook(hook)
train(Path(folder), loaders=int(sys.argv[4]))
"""


def test_kills_at_random_moments_change_nothing(uninterrupted: Path, tmp_path: Path) -> None:
    chance, folder = random.Random(11), tmp_path / "run"
    for _ in range(5):
        moment = [str(chance.randint(1, 4)), str(chance.uniform(1e-6, 0.02))]
        killed = subprocess.run(
            [sys.executable, "-c", KILLED_AFTER, *moment, str(folder), "0"], check=False, timeout=120
        )
        assert killed.returncode == -signal.SIGALRM
        assert (folder / "parts" / "blobs.checkpoint").exists() or moment[0] == "1"
    train(folder)
    assert same(weights_of(folder), weights_of(uninterrupted))
    assert untimed(log_of(folder)) == untimed(log_of(uninterrupted))


def test_a_training_that_is_killed_leaves_no_process_behind(tmp_path: Path) -> None:
    words = [sys.executable, "-c", KILLED_AFTER, "1", "0.000001", str(tmp_path / "run"), "1"]
    killed = subprocess.Popen(words, start_new_session=True)
    assert killed.wait(120) == -signal.SIGALRM
    wait_until("no process of its session lives", lambda: not living(killed.pid), 120)


def living(session: int) -> list[int]:
    """Processes of a session, those left out that have ended and that nobody has asked for their end."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, _, own = path.read_text().rpartition(")")[2].split()[:4]
            found += [int(path.parent.name)] if int(own) == session and state not in "ZX" else []
    return found


def untimed(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{column: text for column, text in row.items() if "second" not in column} for row in rows]


def test_processes_that_make_batches_change_nothing(uninterrupted: Path, tmp_path: Path) -> None:
    train(tmp_path, loaders=2)
    assert same(weights_of(tmp_path), weights_of(uninterrupted))


def test_a_part_that_is_done_is_loaded(uninterrupted: Path) -> None:
    before = (uninterrupted / "parts" / "blobs.safetensors").stat().st_mtime_ns
    assert same(train(uninterrupted).state_dict(), weights_of(uninterrupted))
    assert (uninterrupted / "parts" / "blobs.safetensors").stat().st_mtime_ns == before


def test_patience_ends_a_course_early(tmp_path: Path) -> None:
    course = Course(epochs=9, batch=8, rate=0.01, seed=5, patience=2)
    with RunFolder(tmp_path, {}) as run:
        measures = iter([0.1, 0.5, 0.4, 0.3, 0.2])
        fit(small_network(), Blobs(), loss, course, run.part("p"), measure=lambda _: next(measures), device=PROCESSOR)
    assert [float(row["measure"]) for row in log_of(tmp_path)] == [0.1, 0.5, 0.4, 0.3]


def test_a_loss_that_is_no_number_names_epoch_and_remedy(tmp_path: Path) -> None:
    def broken(network: nn.Module, batch: Batch) -> Tensor:
        return loss(network, batch) * float("nan")

    with RunFolder(tmp_path, {}) as run, pytest.raises(TrainingError, match=r"epoch 1, near batch 1\. Lower .* 0\.01"):
        fit(small_network(), Blobs(), broken, COURSE, run.part("p"), device=PROCESSOR)


def test_a_gradient_that_is_no_number_is_told_before_its_weights_are_saved(tmp_path: Path) -> None:
    def broken(network: nn.Module, batch: Batch) -> Tensor:
        nothing = torch.stack([parameter.sum() for parameter in network.parameters()]).sum() * 0
        return loss(network, batch) + nothing.abs().sqrt()  # a number, but no gradient

    with RunFolder(tmp_path, {}) as run:
        part = run.part("p")
        with pytest.raises(TrainingError, match=r"epoch 1, near batch 1\."):
            fit(small_network(), Blobs(), broken, COURSE, part, device=PROCESSOR, checkpoint_seconds=0.0)
        assert not part.checkpoint.exists()


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = os.fsync, 0

    def full(fd: int) -> None:
        nonlocal calls
        calls += 1
        if calls > 12:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(fd)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TrainingError, match=r"blobs\.checkpoint could not be written \(No space left.*goes on"):
        train(tmp_path)
    assert not list(tmp_path.rglob("*.part"))
    monkeypatch.undo()
    train(tmp_path)  # there is room again


def test_the_folder_of_another_run_is_refused(tmp_path: Path) -> None:
    with RunFolder(tmp_path, {"seed": 1, "data": "a"}):
        pass
    with (
        pytest.raises(TrainingError, match="another run \\(seed: there 1, now 2\\)"),
        RunFolder(tmp_path, {"seed": 2, "data": "a"}),
    ):
        pass


def test_what_failed_before_it_learnt_leaves_the_folder_to_the_mended_command(tmp_path: Path) -> None:
    first, mended = (Split({"training": (name,)}, 1, "subject", (), "") for name in ("P1", "P2"))
    with pytest.raises(LabelError), RunFolder(tmp_path, {"data": "a"}) as run:
        run.kept(first)
        raise LabelError("An image is missing.")
    with RunFolder(tmp_path, {"data": "mended"}) as run:
        assert run.kept(mended) == mended
        run.part("p").checkpoint.write_bytes(b"something was learnt")
    with pytest.raises(LabelError), RunFolder(tmp_path, {"data": "mended"}):
        raise LabelError("An image is missing.")
    with pytest.raises(TrainingError, match="holds another run"), RunFolder(tmp_path, {"data": "c"}):
        pass


def test_a_folder_that_was_refused_is_not_held(tmp_path: Path) -> None:
    with RunFolder(tmp_path, {"seed": 1}):
        pass
    with pytest.raises(TrainingError, match="holds another run"), RunFolder(tmp_path, {"seed": 2}):
        pass
    with RunFolder(tmp_path, {"seed": 1}):
        pass


def test_two_processes_never_train_in_one_folder(tmp_path: Path) -> None:
    with (
        RunFolder(tmp_path, {}),
        pytest.raises(TrainingError, match="Another process trains"),
        RunFolder(tmp_path, {}),
    ):
        pass


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    with RunFolder(tmp_path, {}) as run:
        part = run.part("p")
        other = nn.Linear(2, 2)
        checkpoint.write_checkpoint(
            part.checkpoint, checkpoint.Standing(), other, torch.optim.AdamW(other.parameters())
        )
        with pytest.raises(TrainingError, match=r"p\.checkpoint cannot be gone on from"):
            fit(small_network(), Blobs(), loss, COURSE, part, device=PROCESSOR)


@pytest.mark.parametrize("damage", [b"", b"\x80\x04pickle", b"\xff" * 64], ids=["empty", "pickle", "noise"])
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, damage: bytes) -> None:
    with RunFolder(tmp_path, {}) as run:
        part = run.part("p")
        part.checkpoint.write_bytes(damage)
        with pytest.raises(TrainingError, match="cannot be gone on from"):
            fit(small_network(), Blobs(), loss, COURSE, part, device=PROCESSOR)


@pytest.mark.parametrize("found", [b"half a file", save(nn.Linear(2, 2).state_dict())], ids=["damaged", "another"])
def test_weights_of_a_part_that_are_damaged_or_of_another_network_are_refused(tmp_path: Path, found: bytes) -> None:
    with RunFolder(tmp_path, {}) as run:
        part = run.part("p")
        part.weights.write_bytes(found)
        with pytest.raises(TrainingError, match=r"p\.safetensors cannot be taken up .* Remove it"):
            fit(small_network(), Blobs(), loss, COURSE, part, device=PROCESSOR)


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"rate": -1.0}, {"warm_up": 1.0}, {"patience": 0}])
def test_a_course_that_makes_no_sense_says_which_value(wrong: dict[str, Any]) -> None:
    with pytest.raises(TrainingError, match=next(iter(wrong))):
        Course(**{"epochs": 1, "batch": 1, "rate": 0.1, "seed": 1} | wrong)


def test_the_rate_rises_and_falls() -> None:
    course = Course(epochs=1, batch=1, rate=2.0, seed=1, warm_up=0.2, last=0.1)
    rates = [course.rate_at(step, 50) for step in range(50)]
    assert max(rates) == pytest.approx(2.0)
    assert int(np.argmax(rates)) == 10
    assert rates[-1] == pytest.approx(0.2)
