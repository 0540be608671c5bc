"""Measure the finder on drawn patients that it never saw: ``python -m scoring.capillaroscopy.evaluation``.

Neither training nor calibration knows these patients.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from scoring.capillaroscopy.capillary_figures import figures
from scoring.capillaroscopy.capillary_finder import CapillaryFinder
from scoring.capillaroscopy.figures_in_words import FIGURES_FILE
from scoring.capillaroscopy.packaging import FOLDER
from scoring.capillaroscopy.unseen_pictures import MEASURED, measured_pictures
from scoring.capillaroscopy.written_over import WRITTEN_OVER, written_figures, written_pictures
from scoring.learning.figures_file import write_figures
from scoring.learning.progress import progress_on_stderr
from scoring.networks.torch_start import start_torch
from scoring.spec import WEIGHTS_RECORD
from scoring.weights import read_weights_record


def main() -> None:
    """Parse the command line, measure, write the figures beside the weights."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, default=FOLDER, help="folder of weights.toml, a run's or the packaged")
    folder = parser.parse_args().weights
    start_torch()
    finder = CapillaryFinder.open(read_weights_record(folder / WEIGHTS_RECORD))
    with progress_on_stderr() as progress:
        tables = figures(measured_pictures(finder, MEASURED, progress))
        tables |= written_figures(written_pictures(finder, WRITTEN_OVER, progress))
    write_figures(folder / FIGURES_FILE, tables)


if __name__ == "__main__":
    main()
