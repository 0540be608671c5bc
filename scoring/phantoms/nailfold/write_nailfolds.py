"""Write patients' nailfold pictures and their truth to a folder, as a phone's JPEG files or as DICOM files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from scoring.learning.label import Label
from scoring.learning.label_table import write_label_table
from scoring.phantoms.nailfold.as_dicom import nailfold_dataset
from scoring.phantoms.nailfold.nailfold import COLUMNS, NailfoldPhantom, draw_nailfold
from scoring.phantoms.nailfold.patient import NailfoldPatient, draw_patient
from scoring.phantoms.nailfold.phone_file import phone_jpeg
from scoring.phantoms.nailfold.simulated_readers import nailfold_readings
from scoring.phantoms.nailfold.truth import (
    CapillaryTruth,
    PictureTruth,
    capillary_rows,
    label_rows,
    picture_row,
    write_rows,
)
from scoring.score_rules.nailfold_labels import FINGERS, Finger
from scoring.score_rules.sharp_van_der_heijde import SIDES

FINGERS_PICTURED: Final[tuple[Finger, ...]] = FINGERS[1:]
"""Without thumbs, whose folds are read less often."""
PICTURES_OF_A_FINGER: Final = 2
PICTURES_OF_A_PATIENT: Final = len(SIDES) * len(FINGERS_PICTURED) * PICTURES_OF_A_FINGER


def write_nailfold_phantoms(
    out: Path, patients: int, seed: int, *, dicom: bool = False, readers: int = 0, columns: int = COLUMNS
) -> Iterator[Path]:
    """Write a visit of each of ``patients`` patients, then ``truth.csv``, ``pictures.csv`` and ``capillaries.csv``.

    ``truth.csv`` has the columns of readings. With ``readers``, also ``readings.csv`` of so many simulated readers.
    Yields each path as it is written.
    """
    out.mkdir(parents=True, exist_ok=True)
    labels: list[Label] = []
    pictures: list[PictureTruth] = []
    capillaries: list[CapillaryTruth] = []
    for own in range(seed, seed + patients):
        for number, phantom in enumerate(visit_of(draw_patient(own), columns), start=1):
            path = out / f"{_name(phantom)}.{'dcm' if dicom else 'jpg'}"
            if dicom:
                nailfold_dataset(phantom, number).save_as(path, enforce_file_format=True)
            else:
                path.write_bytes(phone_jpeg(phantom))
            labels += label_rows(phantom, path.name)
            pictures.append(picture_row(phantom, path.name))
            capillaries += capillary_rows(phantom, path.name)
            yield path
    write_label_table(out / "truth.csv", labels)
    write_rows(out / "pictures.csv", PictureTruth, pictures)
    write_rows(out / "capillaries.csv", CapillaryTruth, capillaries)
    yield from (out / name for name in ("truth.csv", "pictures.csv", "capillaries.csv"))
    if readers:
        write_label_table(out / "readings.csv", nailfold_readings(labels, readers, seed))
        yield out / "readings.csv"


def visit_of(patient: NailfoldPatient, columns: int = COLUMNS) -> Iterator[NailfoldPhantom]:
    """Sixteen pictures: two of each finger of both hands, thumbs left out."""
    for side in SIDES:
        for finger in FINGERS_PICTURED:
            for number in range(1, PICTURES_OF_A_FINGER + 1):
                yield draw_nailfold(patient, side, finger, number, columns=columns)


def _name(phantom: NailfoldPhantom) -> str:
    fold = phantom.fold
    return f"nailfold-{fold.patient.seed}-{fold.side}-{fold.finger.lower()}-{phantom.number}"
