"""Anatomy weights are read only when they are the listed ones, and their licence lies beside them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scoring.anatomy.network_files import FOLDER, RECORD, load_networks
from scoring.errors import WeightsError
from scoring.weights import read_weights_record


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    for name in (RECORD, "overview.safetensors", "sites.safetensors"):
        shutil.copy(FOLDER / name, tmp_path / name)
    return tmp_path


def test_a_changed_weight_is_refused(copied: Path) -> None:
    file = copied / "sites.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(bytes(content))
    with pytest.raises(WeightsError, match=r"sites\.safetensors was changed"):
        load_networks(copied)


def test_a_missing_weight_is_named(copied: Path) -> None:
    (copied / "overview.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"overview\.safetensors is missing"):
        load_networks(copied)


def test_weights_of_another_network_are_refused(copied: Path) -> None:
    text = (copied / RECORD).read_text(encoding="utf-8")
    record = read_weights_record(copied / RECORD)
    overview, sites = record.file("overview").sha256, record.file("sites").sha256
    (copied / "overview.safetensors").write_bytes((copied / "sites.safetensors").read_bytes())
    (copied / RECORD).write_text(text.replace(overview, sites), encoding="utf-8")
    with pytest.raises(WeightsError, match="does not fit its network"):
        load_networks(copied)


def test_the_record_is_complete() -> None:
    record = read_weights_record(FOLDER / RECORD)
    assert {file.role for file in record.files} == {"overview", "sites"}
    assert all(file.demonstration for file in record.files)
    assert sum(file.path.stat().st_size for file in record.files) <= 2_500_000
    assert (FOLDER / "LICENCE-WEIGHTS.txt").is_file()


def test_types_and_record_are_read_without_torch() -> None:
    program = (
        "import sys; import scoring.anatomy.found_hand; from pathlib import Path; "
        "from scoring.weights import read_weights_record; "
        f"read_weights_record(Path({str(FOLDER / RECORD)!r})); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
