"""Two systems score one film: the later result says how far both agree, and a reader is told where they do not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from pydicom import dcmread

from scoring.phantoms.as_dicom import hand_dataset
from scoring.phantoms.hand import draw_hand
from scoring.result import ScoreResult
from scoring.second_opinion import DIFFERS
from sr_templates.report_as_text import report_as_text
from tests.foreign_programs.programs import find_program
from tests.journey.toy_house import build_house


def test_a_system_that_differs_is_told_in_the_later_result_and_in_its_report(tmp_path: Path) -> None:
    house = build_house(tmp_path / "house", "toy_opinion")
    hand = draw_hand(12, side="L", severity=0.1)
    film = tmp_path / "film.dcm"
    hand_dataset(hand.pixels, hand.spacing_mm, "L", 12).save_as(film, enforce_file_format=True)
    command = [sys.executable, "-m", "scoring.cli", "score", str(film), "--out", str(tmp_path / "out")]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=house, env={**os.environ, "PYTHONPATH": str(house)}
    )
    assert done.returncode == 0, done.stderr

    stored = json.loads((tmp_path / "out" / "scores.json").read_text(encoding="utf-8"))
    results = {one["system"]: ScoreResult.from_json(json.dumps(one)) for one in stored}
    first, later = results["hand_joints"], results["toy_opinion"]
    assert (first.second_opinions, first.schema_version) == ((), 2)
    own = next(total for total in first.totals if total.key == "svdh.all.L")
    assert own.value is not None and own.interval is not None, "the packaged calibration holds for the packaged weights"
    opinion = next(one for one in later.second_opinions if one.system == "hand_joints")
    assert (opinion.digest, opinion.verdict.value, later.schema_version) == (first.digest, "OPINIONS-DIFFER", 3)
    [compared] = opinion.totals
    assert (compared.key, compared.value, compared.interval, compared.beyond) == (
        "toy.L",
        own.value,
        own.interval,
        True,
    )

    # and the packaged second system is compared in the same way, whatever its verdict
    [packaged] = results["svdh_hands"].second_opinions
    assert (packaged.system, packaged.digest) == ("hand_joints", first.digest)
    [hand] = packaged.totals
    assert (hand.key, hand.value, hand.interval) == ("svdh.all.L", own.value, own.interval)
    assert hand.beyond == (packaged.verdict == DIFFERS)
    assert [one.system for one in later.second_opinions] == ["hand_joints", "svdh_hands"]

    [report] = (tmp_path / "out").glob("toy_opinion-*.sr.dcm")
    words = report_as_text(dcmread(report))
    assert "Second opinion of hand_joints differs, a reader must look" in words
    assert "Systems differ beyond their intervals" in words
    dciodvfy = find_program("dciodvfy", "dicom3tools")
    judged = subprocess.run([dciodvfy, str(report)], capture_output=True, text=True, check=False)
    assert not [line for line in judged.stderr.splitlines() if line.startswith("Error")]
