"""Adding a scoring system is one folder: copied in, it is listed, routed, scored and reported, no edit elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydicom import dcmread

from scoring.phantoms.as_dicom import hand_dataset
from scoring.phantoms.hand import draw_hand
from sr_templates.report_as_text import report_as_text
from tests.foreign_programs.programs import find_program
from tests.journey.toy_house import build_house


@pytest.fixture
def house(tmp_path: Path) -> dict[str, str]:
    """A copy of the scoring package with the toy's folder in it; the environment that puts it first."""
    return {**os.environ, "PYTHONPATH": str(build_house(tmp_path / "house"))}


def rheumascore(house: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "scoring.cli", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=house, check=False, cwd=house["PYTHONPATH"])
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_toy_system_copied_in_is_routed_scored_and_reported(house: dict[str, str], tmp_path: Path) -> None:
    hand = draw_hand(12, side="L")
    dataset = hand_dataset(hand.pixels, hand.spacing_mm, "L", 12)
    dataset.BodyPartExamined = "FINGER"
    path = tmp_path / "finger.dcm"
    dataset.save_as(path, enforce_file_format=True)

    systems = {s["key"] for s in json.loads(rheumascore(house, "systems", "--json"))}
    assert systems == {"hand_joints", "nailfold", "svdh_hands", "toy_brightness"}
    routes = json.loads(rheumascore(house, "route", str(path), "--json"))
    assert {r["system"]: r["scored"] for r in routes}["toy_brightness"] is True

    rheumascore(house, "score", str(path), "--system", "toy_brightness", "--out", str(tmp_path / "out"))
    [report] = (tmp_path / "out").glob("*.sr.dcm")
    [result] = json.loads((tmp_path / "out" / "scores.json").read_text(encoding="utf-8"))
    assert "Toy brightness grade" in report_as_text(dcmread(report))
    assert result["items"][0]["grade"] == round(float(hand.pixels.mean() / hand.pixels.max()) * 10)
    assert list((tmp_path / "out").glob("*.sc.dcm"))
    dciodvfy = find_program("dciodvfy", "dicom3tools")
    judged = subprocess.run([dciodvfy, str(report)], capture_output=True, text=True, check=False)
    assert not [line for line in judged.stderr.splitlines() if line.startswith("Error")]
