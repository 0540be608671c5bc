"""What the finder learns from is the truth of the phantom, and a run leaves weights that open and measure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from scoring.capillaroscopy.capillary_finder import CapillaryFinder
from scoring.capillaroscopy.capillary_material import COLUMNS, ROWS, CapillaryLoss, NailfoldMaterial
from scoring.capillaroscopy.capillary_network import BAND_UM, UM_PER_PX, CapillaryNetwork, width_um
from scoring.capillaroscopy.packaging import package
from scoring.capillaroscopy.picture_measures import NotMeasured, PictureMeasures
from scoring.capillaroscopy.training import train
from scoring.capillaroscopy.training_pictures import LearntPicture, learnt_picture, phantoms
from scoring.capillaroscopy.unseen_pictures import Patients
from scoring.learning.run_files import RunFiles
from scoring.networks.torch_start import start_torch
from scoring.phantoms.nailfold.nailfold import NailfoldPhantom
from scoring.spec import WEIGHTS_RECORD
from scoring.weights import read_weights_record

FIRST = 71_000
LOSS = CapillaryLoss(apex=1.0, width=10.0, row=10.0, blur=1.0)


@pytest.fixture(scope="module")
def drawn() -> list[NailfoldPhantom]:
    start_torch()
    return list(phantoms(FIRST, 4, 2))


@pytest.fixture(scope="module")
def learnt(drawn: list[NailfoldPhantom]) -> list[LearntPicture]:
    return [learnt_picture(phantom) for phantom in drawn]


def test_the_truth_is_brought_along_to_the_network_s_scale(
    drawn: list[NailfoldPhantom], learnt: list[LearntPicture]
) -> None:
    for phantom, picture in zip(drawn, learnt, strict=True):
        field_um = phantom.view.um_per_px * phantom.view.shape[1]
        assert picture.pixels.shape[1] == round(field_um / UM_PER_PX)
        assert len(picture.tips) == len(phantom.capillaries)
        assert picture.row.sum() * UM_PER_PX**2 / BAND_UM / 1000 == pytest.approx(phantom.visible_row_mm, rel=0.03)


def test_a_batch_has_a_hill_and_a_width_at_every_tip(learnt: list[LearntPicture]) -> None:
    picture = next(one for one in learnt if len(one.tips) > 4)
    batch = NailfoldMaterial([picture]).batch(np.zeros(4, np.int64), np.random.default_rng(5))
    assert {tuple(batch["apex"].shape[1:])} <= {(ROWS, COLUMNS), (COLUMNS, ROWS)}
    tips = batch["apex"] == 1
    assert 2 < int(tips[0].sum()) <= len(picture.tips)
    diameters = width_um(batch["log_width"][tips])
    assert set(np.round(diameters.numpy(), 2)) <= set(np.round(picture.diameters_um, 2))


def test_the_same_chance_makes_the_same_batch(learnt: list[LearntPicture]) -> None:
    material, chosen = NailfoldMaterial(learnt), np.arange(3)
    first, again, other = (material.batch(chosen, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert torch.equal(first["views"], again["views"])
    assert first["views"].shape != other["views"].shape or not torch.equal(first["views"], other["views"])


def test_learning_makes_the_loss_smaller(learnt: list[LearntPicture]) -> None:
    torch.manual_seed(0)
    network = CapillaryNetwork().train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=4e-3)
    batch = NailfoldMaterial(learnt).batch(np.arange(2), np.random.default_rng(3))
    losses = []
    for _ in range(4):
        loss = LOSS(network, batch)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.9 * losses[0]


def test_a_batch_of_nothing_teaches_without_harm(learnt: list[LearntPicture]) -> None:
    batch = NailfoldMaterial(learnt).batch(np.arange(2), np.random.default_rng(3))
    for name in ("apex", "row"):
        batch[name] = torch.zeros_like(batch[name])
    batch["log_width"] = torch.full_like(batch["log_width"], torch.nan)
    batch["blurry"] = torch.tensor([1.0, 1.0])
    assert torch.isfinite(LOSS(CapillaryNetwork(), batch))


def test_a_run_leaves_weights_that_open_and_measure(tmp_path: Path, drawn: list[NailfoldPhantom]) -> None:
    train(tmp_path, seed=3, epochs=1, pictures=4, calibrated=Patients(FIRST, 1))
    record = read_weights_record(tmp_path / WEIGHTS_RECORD)
    assert [file.role for file in record.files] == ["capillary_finder", "capillary_calibration"]
    found = CapillaryFinder.open(record).measure(drawn[0].pixels, drawn[0].view.um_per_px)
    assert isinstance(found, PictureMeasures | NotMeasured)


def test_packaging_replaces_the_run_s_roles_and_keeps_the_others(tmp_path: Path) -> None:
    def run_of(name: str, **contents: bytes) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        files = RunFiles("", folder, "said", "Apache-2.0", name, (), name, demonstration=True)
        files.write_record([files.write(role, f"{role}.bin", content) for role, content in contents.items()])
        return folder

    packaged = tmp_path / "packaged"
    packaged.mkdir()
    package(run_of("gate", view_gate=b"gate"), packaged)
    package(run_of("old", capillary_finder=b"old"), packaged)
    package(run_of("new", capillary_finder=b"new"), packaged)
    record = read_weights_record(packaged / WEIGHTS_RECORD)
    assert {file.role: file.command for file in record.files} == {"capillary_finder": "new", "view_gate": "gate"}
    assert (packaged / "capillary_finder.bin").read_bytes() == b"new"
    assert (packaged / "view_gate.bin").read_bytes() == b"gate"
