"""Measure the packaged grader anew after the hand finder changed: ``python -m`` this module ``--data DIR``.

DIR: the films that it learnt from. Weights stay; figures and calibration are written beside them, and sealed. What was
measured of the grader that learnt from phantoms alone stays as it was: only the run of the training has its weights.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from scoring.anatomy.hand_finder import HandFinder
from scoring.learning.figures_file import FIGURES_FILE, read_figures, write_figures
from scoring.learning.progress import progress_on_stderr
from scoring.learning.run_files import RunFiles
from scoring.networks.torch_start import load_weights, start_torch
from scoring.phantoms.damaged_hands.real_films import films_for, find_film_hands
from scoring.spec import WEIGHTS_RECORD
from scoring.systems.hand_joints.figures import demonstration_figures, measured_phantoms
from scoring.systems.hand_joints.network import JointGrader
from scoring.systems.hand_joints.outcome import calibration_of
from scoring.systems.hand_joints.system import GRADER_ROLE
from scoring.systems.hand_joints.unseen_hands import DEMONSTRATION_HANDS, demonstration_hands
from scoring.weights import read_weights_record

_FOLDER: Final = Path(__file__).parent
_STAY: Final = ("training", "lessons")
"""Tables of the figures that only a training can write."""


def main() -> None:
    """Parse the command line, measure, calibrate, seal."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of the films")
    data = parser.parse_args().data
    start_torch()
    grader, finder = JointGrader(), HandFinder.open()
    own, before = read_weights_record(_FOLDER / WEIGHTS_RECORD), read_figures(_FOLDER)
    record = own.file(GRADER_ROLE)
    load_weights(grader, record)
    with progress_on_stderr() as progress:
        films = find_film_hands(data, films_for("held_out"), finder, progress)
        figures = demonstration_figures(grader, finder, measured_phantoms(progress), films, progress)
        unseen = demonstration_hands(films, progress)
    told = (record.licence, record.learnt_from, record.data, record.command, record.demonstration)
    files = RunFiles("hand_joints", _FOLDER, own.statement, *told)
    calibration, coverage = calibration_of(record, grader, unseen, DEMONSTRATION_HANDS)
    files.write_record([record], calibration)
    write_figures(_FOLDER / FIGURES_FILE, {name: before[name] for name in _STAY} | figures | coverage)


if __name__ == "__main__":
    main()
