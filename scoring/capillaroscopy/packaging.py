"""Make a run's weights the packaged ones: ``python -m scoring.capillaroscopy.packaging RUN``.

Several networks lie in this folder, each from a run of its own: files of the run's roles are replaced, others stay.
Afterwards seal the systems that use them: ``python -m scoring.bundle_seal nailfold``.
"""

from __future__ import annotations

import argparse
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Final

from scoring.learning.weights_record import weights_record_text
from scoring.spec import WEIGHTS_RECORD
from scoring.weights import WeightRecord, WeightsRecord, read_weights_record
from scoring.whole_file import write_whole_text

FOLDER: Final = Path(__file__).parent
STATEMENT: Final = (
    "capillaries, their row and their diameters were learnt on drawn nailfolds only, what is a nailfold on a few real "
    "ones too; for research use only"
)


def main() -> None:
    """Parse the command line, copy, write weights.toml."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="the folder of a run that has ended")
    package(parser.parse_args().run, FOLDER)


def package(run: Path, folder: Path) -> None:
    """Copy the weight files that the run lists into ``folder`` and list them there."""
    learnt = read_weights_record(run / WEIGHTS_RECORD).files
    listed = folder / WEIGHTS_RECORD
    there = read_weights_record(listed).files if listed.exists() else ()
    roles = {record.role for record in learnt}
    stay = [record for record in there if record.role not in roles]
    taken = [_copied(record, folder) for record in learnt]
    record = WeightsRecord(STATEMENT, tuple(sorted((*stay, *taken), key=lambda one: one.role)))
    write_whole_text(listed, weights_record_text(record))


def _copied(record: WeightRecord, folder: Path) -> WeightRecord:
    shutil.copyfile(record.path, folder / record.path.name)
    return replace(record, path=folder / record.path.name)


if __name__ == "__main__":
    main()
