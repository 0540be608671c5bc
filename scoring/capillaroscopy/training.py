"""Train the network of capillaries and calibrate it: ``python -m scoring.capillaroscopy.training --out RUN --seed 7``.

It learns from drawn pictures alone; patients by whom it is calibrated, and those by whom it is measured, are others.
Given the same command again, a run that was ended goes on.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import save

from scoring.capillaroscopy.capillary_finder import ROLE, CapillaryFinder
from scoring.capillaroscopy.capillary_material import CapillaryLoss, NailfoldMaterial
from scoring.capillaroscopy.capillary_network import CapillaryNetwork
from scoring.capillaroscopy.chosen_certainty import LOOKED_AT_FROM, chosen_certainty, counted_from
from scoring.capillaroscopy.measure_calibration import DENSITY, calibrate_measures
from scoring.capillaroscopy.measure_calibration import FILE as CALIBRATION_FILE
from scoring.capillaroscopy.measure_calibration import ROLE as CALIBRATION_ROLE
from scoring.capillaroscopy.training_pictures import LearntPicture, learnt_pictures
from scoring.capillaroscopy.unseen_pictures import (
    CALIBRATED,
    MeasuredPicture,
    Patients,
    calibration_rows,
    measured_pictures,
)
from scoring.learning.course import Course
from scoring.learning.data_sets import NAILFOLD_PHANTOMS, OURS
from scoring.learning.progress import Progress, progress_on_stderr, silent
from scoring.learning.run_files import RunFiles
from scoring.learning.run_folder import RunFolder
from scoring.learning.training_loop import fit
from scoring.networks.compact_weights import compact_weights
from scoring.networks.torch_start import start_torch
from scoring.uncertainty.calibration import calibration_json
from scoring.weights import WeightRecord

FILE: Final = "capillary_finder.safetensors"
PICTURES: Final = 1800
STATEMENT: Final = (
    "capillaries, their row and their diameters were learnt on drawn nailfolds only; for research use only"
)
_FIRST_PATIENT: Final = 3_000_000
_PATIENTS_OF_A_SEED: Final = 100_000
_BATCH: Final = 12


@dataclass(frozen=True, slots=True)
class Lesson:
    """One course of the network; its weights are a part of the run."""

    name: str
    epochs: int
    rate: float
    loss: CapillaryLoss


LESSONS: Final = (
    Lesson("widths", 11, 4e-3, CapillaryLoss(apex=0.25, width=20.0, row=8.0, blur=1.0)),
    Lesson("tips", 6, 2.5e-3, CapillaryLoss(apex=1.0, width=10.0, row=12.0, blur=1.5)),
)
"""How wide a vessel is takes longest to learn, and is not learnt beside all the rest from the start."""


def main() -> None:
    """Parse the command line, train, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="the folder of the run")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--epochs", type=int, help="of each course, for a trial")
    parser.add_argument("--pictures", type=int, default=PICTURES, help="drawn for it; fewer for a trial")
    chosen = parser.parse_args()
    start_torch()
    with progress_on_stderr() as progress:
        train(chosen.out, chosen.seed, chosen.epochs, chosen.pictures, progress)


def train(
    out: Path,
    seed: int,
    epochs: int | None,
    pictures: int,
    progress: Progress = silent,
    calibrated: Patients = CALIBRATED,
) -> None:
    """Learn from the seed; write the weights, their calibration and weights.toml into ``out``."""
    courses = [Course(epochs=epochs or one.epochs, batch=_BATCH, rate=one.rate, seed=seed) for one in LESSONS]
    identity = {"network": ROLE, "pictures": pictures, "courses": [asdict(course) for course in courses]}
    with RunFolder(out, identity) as run:
        torch.manual_seed(seed)
        network = CapillaryNetwork()
        if not run.part(LESSONS[-1].name).restore(network):
            material = NailfoldMaterial(_drawn(pictures, seed, progress))
            for lesson, course in zip(LESSONS, courses, strict=True):
                fit(network, material, lesson.loss, course, run.part(lesson.name), progress=progress)
        files = RunFiles(
            "",
            out,
            STATEMENT,
            licence=OURS,
            learnt_from=f"Capillaries and their row: {pictures} drawn pictures of nailfolds; no person.",
            data=(NAILFOLD_PHANTOMS,),
            command=f"python -m scoring.capillaroscopy.training --out RUN --seed {seed}",
            demonstration=True,
        )
        write_finder(files, network, calibrated, progress)


def write_finder(files: RunFiles, network: CapillaryNetwork, calibrated: Patients, progress: Progress = silent) -> None:
    """Choose the least certainty on these patients, whom it has not learnt from; write weights, calibration, record."""
    network.load_state_dict(compact_weights(network))
    network.eval().least_certainty.fill_(LOOKED_AT_FROM)
    pictures = measured_pictures(CapillaryFinder(network, None), calibrated, progress)
    least = chosen_certainty(pictures)
    network.least_certainty.fill_(least)
    weights = files.write(ROLE, FILE, save(compact_weights(network)))
    files.write_record([weights, _calibrated(files, weights, [counted_from(one, least) for one in pictures])])


def _drawn(pictures: int, seed: int, progress: Progress) -> list[LearntPicture]:
    drawn = []
    for picture in learnt_pictures(_FIRST_PATIENT + seed * _PATIENTS_OF_A_SEED, pictures):
        drawn.append(picture)
        progress("drawing", len(drawn), pictures)
    return drawn


def _calibrated(files: RunFiles, weights: WeightRecord, pictures: Sequence[MeasuredPicture]) -> WeightRecord:
    """Keep how far it was off on these pictures."""
    rows = calibration_rows(pictures)
    count = len({row.patient for row in rows[DENSITY]})
    said = f"{count} drawn patients that it has not learnt from, two pictures each, those too blurry left out"
    calibration = calibrate_measures(said, weights, rows)
    learnt = f"95 % intervals of density and widest apex: {said}."
    return files.write(CALIBRATION_ROLE, CALIBRATION_FILE, calibration_json(calibration).encode(), learnt)


if __name__ == "__main__":
    main()
