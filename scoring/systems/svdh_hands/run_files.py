"""What a training run leaves for scoring: members, ensemble, calibration, and the record of them all."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from safetensors.torch import save
from torch import Tensor, nn

from scoring.learning.checkpoint import write_whole
from scoring.learning.weights_record import write_weights_record
from scoring.spec import WEIGHTS_RECORD
from scoring.systems.svdh_hands.ensemble_file import ENSEMBLE_FILE, ENSEMBLE_ROLE, ensemble_of, ensemble_text
from scoring.systems.svdh_hands.learning import Learnt
from scoring.systems.svdh_hands.training_recipe import TrainingRecipe
from scoring.uncertainty.calibration import FILE, ROLE, Calibration, calibration_json
from scoring.weights import WeightRecord, WeightsRecord


def _compact(network: nn.Module) -> dict[str, Tensor]:
    """Filters in half precision, which scoring widens again; running means and variances, which may be tiny, as they
    are."""
    return {
        key: (value.half() if value.ndim > 1 else value).contiguous() for key, value in network.state_dict().items()
    }


@dataclass(frozen=True)
class RunFiles:
    """The folder of a run, and what is to be said of every file in it. Copied into the system's folder they are the
    packaged weights."""

    folder: Path
    statement: str
    licence: str
    learnt_from: str
    data: tuple[str, ...]
    command: str
    demonstration: bool

    def write_ensemble(self, recipe: TrainingRecipe, learnt: Learnt) -> tuple[WeightRecord, ...]:
        """The members' weights and how they go together. TrainingError when the disk does not take them."""
        shape = ensemble_text(ensemble_of(recipe, learnt.stack)).encode()
        records = [self._write(ENSEMBLE_ROLE, ENSEMBLE_FILE, shape)]
        for name, network in learnt.networks.items():
            records.append(self._write(name, f"{name}.safetensors", save(_compact(network))))
        return tuple(records)

    def write_record(self, weights: tuple[WeightRecord, ...], calibration: Calibration | None = None) -> None:
        """weights.toml with every file, the calibration among them where it says anything."""
        if calibration is not None and calibration.totals:
            weights = (*weights, self._write(ROLE, FILE, calibration_json(calibration).encode()))
        write_weights_record(self.folder / WEIGHTS_RECORD, WeightsRecord(self.statement, weights, "svdh_hands"))

    def _write(self, role: str, name: str, content: bytes) -> WeightRecord:
        write_whole(self.folder / name, content)
        return WeightRecord(
            role,
            self.folder / name,
            hashlib.sha256(content).hexdigest(),
            self.licence,
            self.learnt_from,
            self.data,
            self.command,
            self.demonstration,
        )
