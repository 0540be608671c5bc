"""What a training run leaves for scoring: weight files, the calibration that goes with them, and the record of all."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scoring.learning.checkpoint import write_whole
from scoring.learning.weights_record import write_weights_record
from scoring.spec import WEIGHTS_RECORD
from scoring.uncertainty.calibration import FILE, ROLE, Calibration, calibration_json
from scoring.weights import WeightRecord, WeightsRecord

READINGS_STATEMENT: Final = "weights learnt on a centre's own readings; not validated by us; for research use only"


def train_command(system: str, learns_from: str, seed: int, recipe: Path | None = None) -> str:
    """What made the weights, for whoever makes them again; ``learns_from``: ``--demonstration``."""
    chosen = f" --recipe {recipe.name}" if recipe else ""
    return f"rheumascore train {system} {learns_from}{chosen} --out RUN --seed {seed}"


@dataclass(frozen=True, slots=True)
class RunFiles:
    """The folder of a run, and what is to be said of every file in it. Copied into the system's folder they are the
    packaged weights."""

    system: str
    folder: Path
    statement: str
    licence: str
    learnt_from: str
    data: tuple[str, ...]
    command: str
    demonstration: bool

    def write(self, role: str, name: str, content: bytes, learnt_from: str = "") -> WeightRecord:
        """One weight file; ``learnt_from`` where it is not the run's. TrainingError when the disk does not take it."""
        write_whole(self.folder / name, content)
        return WeightRecord(
            role,
            self.folder / name,
            hashlib.sha256(content).hexdigest(),
            self.licence,
            learnt_from or self.learnt_from,
            self.data,
            self.command,
            self.demonstration,
        )

    def write_record(self, weights: Sequence[WeightRecord], calibration: Calibration | None = None) -> None:
        """weights.toml with every file, the calibration among them where it says anything.

        Of too few patients it says nothing: then no interval is ever shown.
        """
        if calibration is not None and not calibration.is_empty:
            learnt = f"95 % intervals of totals and sets of grades: {calibration.measured_on}."
            weights = (*weights, self.write(ROLE, FILE, calibration_json(calibration).encode(), learnt))
        record = WeightsRecord(self.statement, tuple(weights), self.system)
        write_weights_record(self.folder / WEIGHTS_RECORD, record)
