"""What was calibrated is written, read for its own weights only, and said of totals and grades; else nothing is."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scoring.catalogue import find_spec
from scoring.coded_concept import CodedConcept
from scoring.contract import Findings
from scoring.errors import WeightsError
from scoring.result import ScoreItem, ScoreTotal
from scoring.uncertainty.calibration import (
    ROLE,
    Calibration,
    GradeRow,
    TotalRow,
    calibrate,
    calibration_json,
    read_calibration,
)
from scoring.uncertainty.stated import with_uncertainty
from scoring.weights import WeightRecord, all_weights

GRADER = WeightRecord("grader", Path("g.safetensors"), "ab" * 32, "CC0", "phantoms", (), "train", True)


def learnt(patients: int = 200) -> Calibration:
    """A total of 0..100 that is off by up to 5, and grades of which the first two share the probability."""
    chance = np.random.default_rng(3)
    said = chance.uniform(0, 100, patients)
    rows = [TotalRow(str(n), one, one + chance.uniform(-5, 5)) for n, one in enumerate(said)]
    grades = [GradeRow(str(n), (0.55, 0.4, 0.05), int(chance.random() < 0.42)) for n in range(patients)]
    return calibrate("drawn rows", [GRADER], {"t": (100.0, rows)}, {"erosion": grades})


def stored(folder: Path, content: str) -> WeightRecord:
    path = folder / "calibration.json"
    path.write_text(content, encoding="utf-8")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return replace(GRADER, role=ROLE, path=path, sha256=digest)


FINDINGS = Findings(
    items=(
        ScoreItem("MCP2", "erosion", "scored", "L", 0.5, 1, (0.55, 0.4, 0.05)),
        ScoreItem("MCP3", "erosion", "not_assessable", "L", reason=CodedConcept("R", "99T", "gone")),
        ScoreItem("RC", "narrowing", "scored", "L", 0.5, 1, (0.55, 0.4, 0.05)),
        ScoreItem("MCP4", "erosion", "scored", "L", grade=1, origin="human"),
    ),
    totals=(
        ScoreTotal("t", "L", 40.0, 40, 2, 2, 100.0),
        ScoreTotal("t", None, 40.0, 40, 2, 4, 100.0),
        ScoreTotal("t", "R", None, None, 0, 2, 100.0),
    ),
    quality=CodedConcept("RID12", "RADLEX", "Diagnostic quality"),
)


def test_what_is_read_says_an_interval_of_every_whole_total_and_a_set_of_every_grade(tmp_path: Path) -> None:
    record = stored(tmp_path, calibration_json(learnt()))
    calibration = read_calibration([GRADER, record])
    assert calibration == learnt()
    said = with_uncertainty(FINDINGS, calibration)
    [known, half, unknown] = said.totals
    assert known.interval is not None and half.interval is None and unknown.interval is None
    assert 34.9 <= known.interval[0] <= 35.5 and 44.5 <= known.interval[1] <= 45.1
    assert all(round(10 * end, 6).is_integer() for end in known.interval), "as a report shows it, to tenths"
    assert [item.interval for item in said.items] == [(0.0, 1.0), None, None, None]


def test_without_a_calibration_nothing_is_said() -> None:
    assert read_calibration([GRADER]) is None
    assert with_uncertainty(FINDINGS, None) == FINDINGS


def test_too_few_patients_calibrate_nothing() -> None:
    few = learnt(patients=18)
    assert (few.totals, few.items) == ((), ())
    assert len(learnt(patients=19).totals) == 1


def test_other_weights_a_changed_file_and_a_damaged_one_are_refused(tmp_path: Path) -> None:
    record = stored(tmp_path, calibration_json(learnt()))
    with pytest.raises(WeightsError, match="measured with another grader"):
        read_calibration([replace(GRADER, sha256="cd" * 32), record])
    with pytest.raises(WeightsError, match="was changed"):
        read_calibration([GRADER, replace(record, sha256="00" * 32)])
    with pytest.raises(WeightsError, match=r"is no calibration: .* the key"):
        read_calibration([GRADER, stored(tmp_path, "{}")])


@pytest.mark.parametrize("key", ["svdh.erosion.R", "svdh.all.L", "svdh.all.both"])
def test_the_packaged_weights_have_their_calibration(key: str) -> None:
    calibration = read_calibration(all_weights(find_spec("hand_joints").weights_files))
    assert calibration is not None
    interval = calibration.total_interval(key, 20.0)
    assert interval is not None and interval[0] < 20 < interval[1]
    assert "no person with arthritis" in calibration.measured_on
