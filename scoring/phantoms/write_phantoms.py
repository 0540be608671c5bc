"""Write phantoms and their truth to a folder, as DICOM files or as pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from scoring.learning.label_table import write_label_table
from scoring.phantoms.as_dicom import hand_dataset, phantom_uid
from scoring.phantoms.hand import HandPhantom, draw_hand
from scoring.phantoms.simulated_readers import simulated_readers, simulated_readings
from scoring.phantoms.truth import TruthRow, truth_rows, write_truth
from scoring.score_rules.sharp_van_der_heijde import SIDES
from scoring.whole_file import make_folder


def write_hand_phantoms(out: Path, number: int, seed: int, *, dicom: bool = False, readers: int = 0) -> Iterator[Path]:
    """Write ``number`` hands of the seeds from ``seed`` on, each into its own file, then ``truth.csv``.

    With ``readers``, also what so many simulated readers made of them: ``readings.csv``.

    Yields each path as it is written. Pictures are PNG with 16 bits.
    """
    make_folder(out)
    rows: list[TruthRow] = []
    for own in range(seed, seed + number):
        hand = draw_hand(own)
        path = out / f"phantom-{own}.{'dcm' if dicom else 'png'}"
        _write(path, hand)
        rows += truth_rows(hand, subject=f"PHANTOM-{own}", visit="1", image=path.name)
        yield path
    write_truth(out / "truth.csv", rows)
    yield out / "truth.csv"
    if readers:
        write_label_table(out / "readings.csv", simulated_readings(rows, simulated_readers(readers, seed), seed))
        yield out / "readings.csv"


@dataclass(frozen=True)
class HandPair:
    """A study of two films: the right and the left hand of one phantom, each in its own DICOM file."""

    study_instance_uid: str
    files: tuple[Path, Path]
    """Right, left."""
    total: int
    """Sum of all grades drawn: the truth of the Sharp/van der Heijde total."""


def write_hand_pair(folder: Path, seed: int, severity: float | None = None) -> HandPair:
    """Draw and write both hands of one phantom; the same seed gives the same study."""
    folder.mkdir(parents=True, exist_ok=True)
    hands = [draw_hand(2 * seed + n, side=side, severity=severity) for n, side in enumerate(SIDES)]
    uid = phantom_uid("pair", seed)
    for number, hand in enumerate(hands, start=1):
        dataset = hand_dataset(
            hand.pixels, hand.spacing_mm, hand.side, seed, study_instance_uid=uid, instance_number=number
        )
        dataset.save_as(folder / f"{seed}-{hand.side}.dcm", enforce_file_format=True)
    right, left = (folder / f"{seed}-{side}.dcm" for side in SIDES)
    return HandPair(uid, (right, left), sum(sum(hand.grades.values()) for hand in hands))


def _write(path: Path, hand: HandPhantom) -> None:
    if path.suffix == ".dcm":
        dataset = hand_dataset(hand.pixels, hand.spacing_mm, hand.side, hand.seed)
        dataset.save_as(path, enforce_file_format=True)
        return
    values = np.rint(hand.pixels * 65535).astype(np.uint16)
    Image.fromarray(values).save(path, dpi=(25.4 / hand.spacing_mm,) * 2)
