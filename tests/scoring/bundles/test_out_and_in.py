"""A trained system goes out and comes in: the same weights, card and answers, for us, for ONNX and for MONAI."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from scoring.bundles.checking import check_bundle
from scoring.bundles.exporting import export_bundle
from scoring.bundles.importing import import_bundle
from scoring.cards.card_facts import digest_of_weights
from scoring.cards.card_freshness import check_card
from scoring.catalogue import find_spec
from scoring.chosen_weights import with_weights_of
from scoring.errors import BundleError, CardError, WeightsError
from scoring.networks.torch_start import load_weights
from scoring.spec import SystemSpec
from scoring.systems.hand_joints.network import JointGrader
from scoring.systems.hand_joints.onnx_network import ProbabilitiesOfGrades
from scoring.weights import read_weights_record
from tests.foreign_programs.programs import find_program
from tests.scoring.trained_run import STATEMENT, write_run

HAND = find_spec("hand_joints")


def test_what_went_out_comes_in_with_the_same_digest_and_its_card(
    trained: SystemSpec, exported: Path, tmp_path: Path
) -> None:
    taken = with_weights_of(HAND, import_bundle(HAND, exported, tmp_path / "taken"))
    assert digest_of_weights(taken) == digest_of_weights(trained) != digest_of_weights(HAND)
    assert read_weights_record(taken.weights_files[0]).statement == STATEMENT
    check_card(taken, tmp_path / "taken")
    # and the bundle itself can be scored with, as it lies
    assert digest_of_weights(with_weights_of(HAND, exported)) == digest_of_weights(trained)
    assert taken.weights_files[1:] == HAND.weights_files[1:], "those of shared anatomy stay our own"


def test_a_foreign_program_agrees_with_the_manifest(exported: Path) -> None:
    program = find_program("sha256sum", "coreutils")
    done = subprocess.run(
        [program, "--strict", "-c", "manifest.sha256"], cwd=exported, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    listed = len((exported / "manifest.sha256").read_text(encoding="utf-8").splitlines())
    assert listed == sum(path.is_file() for path in exported.rglob("*")) - 1


def test_monai_reads_the_metadata(exported: Path) -> None:
    from monai.bundle import ConfigParser  # only here: it takes seconds of every test process

    parser = ConfigParser()
    parser.read_meta(str(exported / "configs" / "metadata.json"))
    metadata = parser["_meta_"]
    assert metadata["intended_use"] == HAND.intended_use
    assert metadata["network_data_format"]["outputs"]["erosion"]["channel_def"]["0"] == "P(erosion > 0)"
    # the keys that MONAI's specification of bundles asks for
    assert {"version", "changelog", "monai_version", "pytorch_version", "numpy_version", "required_packages_version",
            "task", "description", "authors", "copyright", "network_data_format"} <= metadata.keys()  # fmt: skip


def test_the_onnx_file_answers_as_torch_does(trained: SystemSpec, exported: Path) -> None:
    # given: the network with these weights, and the file in a runtime that is not ours
    grader = JointGrader()
    load_weights(grader, read_weights_record(trained.weights_files[0]).file("joint_grader"))
    session = onnxruntime.InferenceSession(exported / "models" / "joint_grader.onnx")
    # when both look at a batch of another size than any that was traced
    crops = torch.from_numpy(np.random.default_rng(3).normal(0, 1, (7, 1, 64, 64)).astype(np.float32))
    sites = torch.arange(7) * 3
    found = session.run(None, {"crops": crops.numpy(), "sites": sites.numpy()})
    wanted = ProbabilitiesOfGrades(grader)(crops, sites)
    for theirs, ours in zip(found, wanted, strict=True):
        np.testing.assert_allclose(theirs, ours.numpy(), atol=1e-5)


def test_nothing_of_this_machine_goes_out(exported: Path) -> None:
    content = b"".join(path.read_bytes() for path in exported.rglob("*") if path.is_file())
    for word in (str(Path(__file__).parents[3]), sys.prefix, "stack_trace"):
        assert word.encode() not in content, word


def test_a_bundle_needs_a_card_as_young_as_its_weights(tmp_path: Path) -> None:
    spec = write_run(tmp_path / "run")
    with pytest.raises(CardError, match="has no model card"):
        export_bundle(spec, tmp_path / "bundle", None)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_weight_that_was_changed_does_not_go_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scoring.bundles.exporting.check_card", lambda *_: None)
    spec = write_run(tmp_path / "run")
    (tmp_path / "run" / "README.md").write_text("", encoding="utf-8")
    weights = tmp_path / "run" / "joint_grader.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\xff")
    with pytest.raises(WeightsError, match="was changed"):
        export_bundle(spec, tmp_path / "bundle", None)
    assert [path.name for path in tmp_path.iterdir()] == ["run"], "nothing half-written is left"


def test_a_full_disk_leaves_nothing_that_looks_whole(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BundleError, match=r"could not be written \(No space left.*nothing of it is left"):
        import_bundle(HAND, exported, tmp_path / "taken")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_there_is_never_written_into(exported: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(BundleError, match="is there already"):
        import_bundle(HAND, exported, tmp_path / "taken")
    assert not list((tmp_path / "taken").iterdir())


def test_a_bundle_of_another_release_says_what_differs(bundle: Path) -> None:
    check_bundle(bundle, HAND)
    with pytest.raises(BundleError, match="of preprocessing version '1', here it is '2'"):
        check_bundle(bundle, replace(HAND, preprocessing_version="2"))
    with pytest.raises(BundleError, match=r"of shared weights overview .*, here it is none"):
        check_bundle(bundle, replace(HAND, shared_weights=()))


def test_the_verbs_as_a_stranger_types_them(exported: Path, tmp_path: Path) -> None:
    def bundle(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "scoring.cli", "bundle", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)

    told = bundle("check", str(exported), "--json")
    assert json.loads(told.stdout)["statement"] == STATEMENT
    taken = bundle("import", str(exported), "--out", str(tmp_path / "taken"))
    assert taken.returncode == 0 and f'hand_joints = "{tmp_path / "taken"}"' in taken.stdout
    (tmp_path / "taken" / "x").mkdir()
    again = bundle("import", str(tmp_path / "taken"), "--out", str(tmp_path / "other"))
    assert again.returncode == 1 and again.stderr.startswith("RS-105: ") and again.stderr.count("\n") == 1
