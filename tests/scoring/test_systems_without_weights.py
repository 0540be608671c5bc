"""A system that comes without weights is known and can be learnt, but nothing is sent to it, and it says so."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import scoring
from dicom_node.settings import ScoringSection
from dicom_node.systems_in_use import systems_in_use
from scoring.bundle_seal import write_seal
from scoring.catalogue import check_weights, known_systems, list_systems
from scoring.errors import WeightsError
from scoring.spec import WEIGHTS_RECORD, SystemSpec, read_spec
from tests.copied_scoring import copy_scoring


def unlearnt(folder: Path) -> SystemSpec:
    """`hand_joints` as it would come without its weights."""
    own = folder / "hand_joints"
    own.mkdir()
    shipped = Path(str(scoring.__file__)).parent / "systems" / "hand_joints"
    shutil.copy(shipped / "spec.toml", own)
    (folder.parent / "anatomy").mkdir(exist_ok=True)
    shutil.copy(shipped.parents[1] / "anatomy" / WEIGHTS_RECORD, folder.parent / "anatomy")
    return read_spec(own / "spec.toml")


@pytest.fixture
def spec(tmp_path: Path) -> SystemSpec:
    (tmp_path / "systems").mkdir()
    return unlearnt(tmp_path / "systems")


def test_it_has_none_whatever_anatomy_it_shares(spec: SystemSpec) -> None:
    assert spec.weights_files == spec.shared_weights != ()
    assert not spec.has_weights
    assert spec.with_weights(spec.folder).has_weights
    with pytest.raises(WeightsError, match=r"hand_joints comes without weights: .*rheumascore train hand_joints"):
        check_weights(spec)


def test_everything_that_is_listed_can_score() -> None:
    assert {spec.key for spec in list_systems()} == {spec.key for spec in known_systems() if spec.has_weights}
    assert {spec.key for spec in systems_in_use(ScoringSection())} == {spec.key for spec in list_systems()}


def test_its_verbs_say_what_to_do(tmp_path: Path, spec: SystemSpec) -> None:
    """Given an installation whose system has no weights; then it is not listed, and asked for it says why."""
    house = tmp_path / "house"
    own = copy_scoring(house) / "systems" / spec.key
    (own / WEIGHTS_RECORD).unlink()
    write_seal(read_spec(own / "spec.toml"))
    asked = {
        verb: subprocess.run(
            [sys.executable, "-m", "scoring.cli", verb, *more], capture_output=True, text=True, cwd=house, check=False
        )
        for verb, more in {"systems": [], "card": [spec.key]}.items()
    }
    assert asked["systems"].returncode == 0 and spec.key not in asked["systems"].stdout
    assert asked["card"].returncode == 1
    assert asked["card"].stderr.startswith("RS-103: hand_joints comes without weights")
