"""Readings and images in, rows out: through the very system that the node runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from scoring.catalogue import open_system
from scoring.contract import ScoringSystem
from scoring.errors import LabelError
from scoring.evaluation.hand_comparison import SUM, compare_hands
from scoring.learning.label import Label
from scoring.learning.label_table import read_label_table
from scoring.phantoms.write_phantoms import write_hand_phantoms


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phantoms")
    list(write_hand_phantoms(folder, 2, 60, dicom=True, readers=2))
    return folder


@pytest.fixture(scope="module")
def system() -> ScoringSystem:
    return open_system("hand_joints")


def test_every_reading_is_a_row_with_what_the_system_said(folder: Path, system: ScoringSystem) -> None:
    labels = read_label_table(folder / "readings.csv")
    found = compare_hands(labels, folder, system, "phantoms")
    assert {(r.image, r.side, r.site, r.item) for r in found.rows if r.item != SUM} == {
        (one.image, one.side, one.site, one.item) for one in labels
    }
    assert {row.device for row in found.rows} == {"rheumascore phantom hand"}
    assert found.statement == system.statement
    for row in found.rows:
        assert (row.expected is None) == (row.grade is None)
        assert row.expected is not None or row.reason


def test_a_sum_is_over_the_sites_that_every_reader_graded(folder: Path, system: ScoringSystem) -> None:
    labels = read_label_table(folder / "readings.csv")
    left_out = next(x for x in labels if x.reader == "R1" and x.value is not None)
    fewer = [x for x in labels if (x.image, x.site, x.item) == (left_out.image, left_out.site, left_out.item)]
    kept = [x for x in labels if x not in fewer or x.reader != "R1"]
    before, after = (
        next(r for r in compare_hands(some, folder, system, "").rows if (r.item, r.image) == (SUM, left_out.image))
        for some in (labels, kept)
    )
    of_r2 = [x.value for x in fewer if x.reader == "R2" and x.value is not None]
    assert before.readings["R2"] - after.readings["R2"] == pytest.approx(sum(of_r2) / len(of_r2))
    assert before.expected is not None
    assert after.expected is not None
    assert after.expected < before.expected


def test_an_image_without_a_hand_is_a_failure_and_its_rows_have_the_reason(
    tmp_path: Path, system: ScoringSystem
) -> None:
    Image.effect_noise((300, 400), 20).save(tmp_path / "noise.png")
    label = Label(subject="S", image="noise.png", side="L", site="MCP2", item="erosion", value=2.0, reader="A")
    found = compare_hands([label], tmp_path, system, "")
    assert sum(found.failures.values()) == 1
    [reason] = found.failures
    assert {row.reason for row in found.rows} == {reason}
    assert all(row.expected is None for row in found.rows)


def test_an_image_that_is_missing_is_said_before_anything_is_scored(tmp_path: Path, system: ScoringSystem) -> None:
    label = Label(subject="S", image="none.png", side="L", site="MCP2", item="erosion", value=2.0)
    with pytest.raises(LabelError, match=r"none\.png"):
        compare_hands([label], tmp_path, system, "")
