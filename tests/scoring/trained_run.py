"""A training run's folder without the training: the packaged grader, changed a little, and an evaluation of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

from safetensors.torch import load, save

from scoring.agreement.bootstrap import Estimate
from scoring.catalogue import find_spec
from scoring.evaluation.comparison import Compared, Comparison, Scale
from scoring.evaluation.evaluation import evaluate_comparison
from scoring.evaluation.evaluation_json import evaluation_json
from scoring.evaluation.pointing import Pointing
from scoring.inference import weights_digest
from scoring.learning.weights_record import write_weights_record
from scoring.spec import WEIGHTS_RECORD, SystemSpec
from scoring.weights import WeightsRecord, all_weights, checked_bytes, read_weights_record

_ALL, _HALF, _NONE = (Estimate(share, None, None, "made up", 0.95, 4, 0, 4, 0, 0, 1) for share in (1.0, 0.5, 0.0))
POINTING = Pointing(4, "a map", _ALL, _HALF, _ALL, _NONE, (1.0, 0.5, 0.25, 0.125, 0.1, 0.0), (1.0,) * 6)
STATEMENT = "weights of a test; for research use only"
MEASURED_ON = "40 images of 20 patients in readings.csv, read by 2 reader(s)"


def write_run(folder: Path, scale: float = 1.5) -> SystemSpec:
    """A run of hand_joints whose first tensor is ``scale`` times the packaged one; the system with its weights."""
    folder.mkdir(parents=True)
    packaged = find_spec("hand_joints")
    record = read_weights_record(packaged.folder / WEIGHTS_RECORD).file("joint_grader")
    tensors = load(checked_bytes(record))
    first = min(name for name, tensor in tensors.items() if tensor.is_floating_point())
    tensors[first] = tensors[first] * scale
    content = save(tensors)
    path = folder / record.path.name
    path.write_bytes(content)
    own = replace(
        record,
        path=path,
        sha256=hashlib.sha256(content).hexdigest(),
        licence="the centre's own",
        learnt_from="Joint grades: hands of a test.",
        data=("readings.csv",),
        demonstration=False,
    )
    write_weights_record(folder / WEIGHTS_RECORD, WeightsRecord(STATEMENT, (own,), packaged.key))
    return packaged.with_weights(folder)


def write_evaluation(spec: SystemSpec, folder: Path) -> Path:
    """An evaluation.json of these weights, of made-up sums of two readers and the system."""
    rows = tuple(
        Compared(
            patient=f"P{n // 2}", visit=str(n % 2), image=f"hand{n}.png", item="sum_of_a_hand", site="HAND",
            group="hand", side="LR"[n % 2], readings={"R1": 3.0 * n, "R2": 3.0 * n + n % 3}, expected=3.0 * n + n % 5,
            grade=3 * n, device="odd | device",
        )
        for n in range(40)
    )  # fmt: skip
    scales = {"sum_of_a_hand": Scale("sum of a hand", 140.0, whole=False, bands=(20.0, 60.0))}
    digest = weights_digest(spec, all_weights(spec.weights_files))
    comparison = Comparison(spec.key, spec.version, digest, STATEMENT, MEASURED_ON, scales, rows, images=40)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "evaluation.json"
    evaluation = replace(evaluate_comparison(comparison, resamples=50), pointing=POINTING)
    path.write_text(json.dumps(evaluation_json(evaluation)), encoding="utf-8")
    return path
