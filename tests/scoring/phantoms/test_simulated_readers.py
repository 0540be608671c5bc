"""Simulated readers: near the truth, each in his own way, the same from the same seed, in the columns of readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from scoring.cli import build_app
from scoring.learning.label import Label, highest_value
from scoring.learning.label_table import read_label_table
from scoring.learning.read_hands import hands_of
from scoring.phantoms.simulated_readers import (
    WRIST_SITES,
    SimulatedReader,
    simulated_readers,
    simulated_readings,
)
from scoring.phantoms.truth import TruthRow
from scoring.score_rules.sharp_van_der_heijde import ITEMS, SITES_OF

PLAIN = SimulatedReader("R1", bias=0, opinion=0, wavering=0, not_evaluable=0)


def _truth(images: int, value: int | None = None) -> list[TruthRow]:
    places = [(item, site) for item in ITEMS for site in SITES_OF[item]]
    return [
        TruthRow(f"S{n}", "1", f"{n}.png", "L", site, item, (n % 5) if value is None else value, "scored", 1.0, 2.0)
        for n, (item, site) in product(range(images), places)
    ]


def _errors(truth: Sequence[TruthRow], labels: Sequence[Label], wrist: bool) -> float:
    pairs = zip(truth, labels, strict=True)
    off = [r.value - t.value for t, r in pairs if r.value is not None and t.value and (t.site in WRIST_SITES) == wrist]
    return float(np.sqrt(np.mean(np.square(off))))


def test_a_reader_without_error_reads_the_truth() -> None:
    truth = _truth(5)
    assert [PLAIN.read(row, 1, 3).value for row in truth] == [row.value for row in truth]


def test_bias_noise_and_gaps_are_as_asked_for() -> None:
    truth = _truth(60, value=2)
    biased = [replace(PLAIN, bias=1).read(row, 1, 3).value for row in truth]
    assert set(biased) == {3.0}
    noisy = [replace(PLAIN, opinion=0.6).read(row, 1, 3) for row in truth]
    assert _errors(truth, noisy, wrist=True) > 1.2 * _errors(truth, noisy, wrist=False) > 0.5
    assert all(row.value is not None and 0 <= row.value <= highest_value(row.item) for row in noisy)
    gaps = [replace(PLAIN, not_evaluable=0.1).read(row, 1, 3).status == "not_assessable" for row in truth]
    assert 0.08 < np.mean(gaps) < 0.17


def test_a_repeat_is_like_the_first_reading_but_not_the_same() -> None:
    truth = _truth(40, value=2)
    (reader,) = simulated_readers(1, seed=5)
    first, second, other = (
        np.array([one.read(row, n, 5).value or 0 for row in truth])
        for one, n in ((reader, 1), (reader, 2), (replace(reader, name="R2"), 1))
    )
    assert 0 < np.mean(first != second) < np.mean(first != other)


def test_readings_are_the_same_from_the_same_seed_and_a_tenth_is_read_again() -> None:
    truth = _truth(20)
    readings = list(simulated_readings(truth, simulated_readers(2, 5), 5))
    assert readings == list(simulated_readings(truth, simulated_readers(3, 5), 5))[: len(readings)]
    assert readings != list(simulated_readings(truth, simulated_readers(2, 6), 6))
    assert {r.reader for r in readings} == {"R1", "R2"}
    again = {(r.reader, r.image) for r in readings if r.reading == 2}
    assert len(again) == 4
    assert len({image for _, image in again}) == 2


def test_what_is_not_on_the_film_is_not_read() -> None:
    row = replace(_truth(1)[0], value=None, status="not_imaged")
    label = simulated_readers(1, 5)[0].read(row, 1, 5)
    assert (label.value, label.status) == (None, "not_imaged")


@pytest.mark.parametrize("dicom", [False, True])
def test_the_verb_writes_readings_beside_the_truth(tmp_path: Path, dicom: bool) -> None:
    options = ["-n", "2", "--seed", "5", "--readers", "3", "--out", str(tmp_path), *(["--dicom"] * dicom)]
    assert CliRunner().invoke(build_app(), ["phantom", "hand", *options]).exit_code == 0
    labels = read_label_table(tmp_path / "readings.csv", readers={"R1", "R2", "R3"})
    assert len(labels) == (2 + 1) * 31 * 3
    truth, read = (
        hands_of(read_label_table(tmp_path / "truth.csv")),
        hands_of(read_label_table(tmp_path / "readings.csv")),
    )
    assert [(hand.subject, hand.image, hand.centres) for hand in truth] == [
        (hand.subject, hand.image, hand.centres) for hand in read
    ]
