"""P16: a changed weight, list of weights, spec or bundle is refused where it is opened, and named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scoring.bundle_seal import check_seal
from scoring.catalogue import list_systems
from tests.copied_scoring import copy_scoring
from tests.foreign_programs.programs import find_program, free_port

HAND, ANATOMY = Path("systems/hand_joints"), Path("anatomy")
GRADER, SITES = HAND / "joint_grader.safetensors", ANATOMY / "sites.safetensors"


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A copy of the scoring package that may be changed."""
    return copy_scoring(tmp_path / "house")


def run(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python that finds the copy before the installed package."""
    environment = os.environ | {"PYTHONPATH": str(installed.parent), "PYTHONSAFEPATH": "1"}
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, env=environment, timeout=200, check=False
    )


def flip_a_bit(at: Path, name: Path) -> None:
    content = bytearray((at / name).read_bytes())
    content[len(content) // 2] ^= 1
    (at / name).write_bytes(content)


def truncate(at: Path, name: Path) -> None:
    (at / name).write_bytes((at / name).read_bytes()[:-1])


def remove(at: Path, name: Path) -> None:
    (at / name).unlink()


def swap(at: Path, name: Path) -> None:
    """With the other network's file: each is listed, and each under the other's name."""
    other = SITES if name == GRADER else GRADER
    kept = (at / name).read_bytes()
    (at / name).write_bytes((at / other).read_bytes())
    (at / other).write_bytes(kept)


def add_a_blank(at: Path, name: Path) -> None:
    """The least change of a text: it means the same."""
    (at / name).write_text((at / name).read_text(encoding="utf-8") + " ", encoding="utf-8")


LOOK = (
    "import json; from dicom_node.health import _weights; from dicom_node.settings import ScoringSection; "
    "print(json.dumps([[f.verdict, f.text] for f in _weights(ScoringSection())]))"
)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (flip_a_bit, GRADER),
        (flip_a_bit, SITES),
        (truncate, GRADER),
        (swap, GRADER),
        (remove, SITES),
        (add_a_blank, HAND / "spec.toml"),
        (add_a_blank, HAND / "weights.toml"),
        (add_a_blank, ANATOMY / "weights.toml"),
        (remove, HAND / "weights.toml"),
        (remove, HAND / "bundle.sha256"),
    ],
)
def test_the_doctor_names_what_was_changed(installed: Path, change: Callable[[Path, Path], None], name: Path) -> None:
    change(installed, name)
    looked = run(installed, "-c", LOOK)
    wrong = [text for verdict, text in json.loads(looked.stdout) if verdict == "wrong"]
    touched = (GRADER, SITES) if change is swap else (name,)  # systems share the sites, and each looks for itself
    assert wrong and all(any(one.name in text for one in touched) for text in wrong), looked.stdout


def test_a_worker_does_not_start_with_a_changed_weight(installed: Path, tmp_path: Path) -> None:
    flip_a_bit(installed, GRADER)
    config = tmp_path / "node.toml"
    config.write_text(f"[node]\nport = {free_port()}\n[web]\nport = {free_port()}\n", encoding="utf-8")
    ended = run(installed, "-m", "scoring.cli", "worker", "--queue", "scoring", "--config", str(config))
    assert ended.returncode == 1
    assert "RS-103: The weight file joint_grader.safetensors was changed" in ended.stderr


@pytest.mark.parametrize("verb", [["listen"], ["worker"], ["systems"], ["score", "--out", "out"]])
def test_nothing_starts_with_a_changed_spec(installed: Path, tmp_path: Path, verb: list[str]) -> None:
    add_a_blank(installed, HAND / "spec.toml")
    config = tmp_path / "node.toml"
    config.write_text(f"[node]\nport = {free_port()}\n[web]\nport = {free_port()}\n", encoding="utf-8")
    given = {"score": [str(config)], "systems": []}.get(verb[0], ["--config", str(config)])
    ended = run(installed, "-m", "scoring.cli", *verb, *given)
    assert ended.returncode == 1
    assert "RS-101: hand_joints/spec.toml was changed" in ended.stderr
    assert "bundle_seal hand_joints" in ended.stderr, "and it says what to do after an intended change"


def test_what_is_shipped_is_sealed_and_a_foreign_program_agrees() -> None:
    for spec in list_systems():
        check_seal(spec)
        program = find_program("sha256sum", "coreutils")
        done = subprocess.run([program, "-c", "bundle.sha256"], cwd=spec.folder, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
