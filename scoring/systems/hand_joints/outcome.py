"""What a training run ends with: the grader's weights, their calibration, the record of both, and the figures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from safetensors.torch import save

from scoring.learning.figures_file import FIGURES_FILE, Figures, write_figures
from scoring.learning.run_files import RunFiles
from scoring.spec import read_spec
from scoring.systems.hand_joints.calibrating import calibrated
from scoring.systems.hand_joints.network import JointGrader
from scoring.systems.hand_joints.system import GRADER_ROLE
from scoring.systems.hand_joints.unseen_hands import UnseenHands
from scoring.uncertainty.calibration import Calibration
from scoring.weights import WeightRecord, all_weights

_SPEC: Final = Path(__file__).with_name("spec.toml")
_WEIGHTS: Final = f"{GRADER_ROLE}.safetensors"


@dataclass(frozen=True, slots=True)
class TrainingSummary:
    """What a training run left behind."""

    folder: Path
    sha256: str
    hands: int
    epochs: int
    seed: int

    def __str__(self) -> str:
        return (
            f"{self.folder}: weights {self.sha256[:12]}…, learnt from {self.hands} hands in {self.epochs} epochs, "
            f"seed {self.seed}; figures in {FIGURES_FILE}"
        )


@dataclass(frozen=True)
class Outcome:
    """A learnt grader with what was measured of it, and the hands that it is to be calibrated on."""

    grader: JointGrader
    hands: int
    """That it learnt from."""
    epochs: int
    seed: int
    figures: dict[str, Figures]
    unseen: UnseenHands
    calibrated_on: str

    def write(self, files: RunFiles) -> TrainingSummary:
        """All files of the run. TrainingError when the disk does not take them."""
        tensors = {name: tensor.contiguous() for name, tensor in self.grader.state_dict().items()}
        record = files.write(GRADER_ROLE, _WEIGHTS, save(tensors))
        calibration, coverage = calibration_of(record, self.grader, self.unseen, self.calibrated_on)
        files.write_record([record], calibration)
        run: Figures = {
            "hands": self.hands, "epochs": self.epochs, "seed": self.seed, "weights_sha256": record.sha256
        }  # fmt: skip
        write_figures(files.folder / FIGURES_FILE, {"training": run} | self.figures | coverage)
        return TrainingSummary(files.folder, record.sha256, self.hands, self.epochs, self.seed)


def calibration_of(
    record: WeightRecord, grader: JointGrader, hands: UnseenHands, measured_on: str
) -> tuple[Calibration, dict[str, Figures]]:
    """The calibration of weights, and the figures of its coverage: none where the hands are of too few patients."""
    spec = read_spec(_SPEC)
    anatomy = all_weights(spec.shared_weights)
    calibration, coverage = calibrated(grader, hands, spec, (*anatomy, record), measured_on)
    return calibration, {} if calibration.is_empty else coverage
