"""What a training run leaves for scoring: weights, the calibration that goes with them, and the record of both."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Final

from safetensors.torch import save

from scoring.anatomy.network_files import FOLDER as ANATOMY
from scoring.learning.checkpoint import write_whole
from scoring.spec import WEIGHTS_RECORD, read_spec
from scoring.systems.hand_joints.calibrating import calibrated
from scoring.systems.hand_joints.evaluation import Figures
from scoring.systems.hand_joints.network import JointGrader
from scoring.systems.hand_joints.unseen_hands import UnseenHands
from scoring.uncertainty.calibration import FILE, ROLE, calibration_json
from scoring.weights import WeightRecord, read_weights_record

WEIGHTS_NAME: Final = "joint_grader.safetensors"


def write_weights(grader: JointGrader, record: WeightRecord) -> WeightRecord:
    """Save the grader where ``record`` says; the record with the file's SHA-256."""
    content = save({name: tensor.contiguous() for name, tensor in grader.state_dict().items()})
    record.path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(record.path, content)
    return replace(record, sha256=hashlib.sha256(content).hexdigest())


def write_calibration(
    grader: JointGrader, record: WeightRecord, hands: UnseenHands, measured_on: str
) -> tuple[tuple[WeightRecord, ...], dict[str, Figures]]:
    """Calibrate the weights of ``record`` and write that beside them; its record, and the figures of its coverage.

    Nothing where the hands are of too few patients: then no interval is ever shown.
    """
    spec = read_spec(Path(__file__).parent / "spec.toml")
    weights = (*read_weights_record(ANATOMY / WEIGHTS_RECORD).files, record)
    calibration, figures = calibrated(grader, hands, spec, weights, measured_on)
    if not calibration.totals and not calibration.items:
        return (), {}
    path, content = record.path.with_name(FILE), calibration_json(calibration).encode()
    write_whole(path, content)
    digest = hashlib.sha256(content).hexdigest()
    learnt = f"95 % intervals of totals and sets of grades: {measured_on}."
    return (replace(record, role=ROLE, path=path, sha256=digest, learnt_from=learnt),), figures
