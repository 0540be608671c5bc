"""Write phantoms and their truth to a folder, as DICOM files or as pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from scoring.phantoms.as_dicom import hand_dataset
from scoring.phantoms.hand import HandPhantom, draw_hand
from scoring.phantoms.truth import TruthRow, truth_rows, write_truth


def write_hand_phantoms(out: Path, number: int, seed: int, *, dicom: bool = False) -> Iterator[Path]:
    """Write ``number`` hands of the seeds from ``seed`` on, each into its own file, then ``truth.csv``.

    Yields each path as it is written. Pictures are PNG with 16 bits.
    """
    out.mkdir(parents=True, exist_ok=True)
    rows: list[TruthRow] = []
    for own in range(seed, seed + number):
        hand = draw_hand(own)
        path = out / f"phantom-{own}.{'dcm' if dicom else 'png'}"
        _write(path, hand)
        rows += truth_rows(hand, subject=f"PHANTOM-{own}", visit="1", image=path.name)
        yield path
    write_truth(out / "truth.csv", rows)
    yield out / "truth.csv"


def _write(path: Path, hand: HandPhantom) -> None:
    if path.suffix == ".dcm":
        dataset = hand_dataset(hand.pixels, hand.spacing_mm, hand.side, hand.seed)
        dataset.save_as(path, enforce_file_format=True)
        return
    values = np.rint(hand.pixels * 65535).astype(np.uint16)
    Image.fromarray(values).save(path, dpi=(25.4 / hand.spacing_mm,) * 2)
