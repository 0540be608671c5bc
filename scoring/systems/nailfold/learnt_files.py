"""What a learnt label network is kept in: its weights, and its shape with the thresholds."""

from __future__ import annotations

from safetensors.torch import save

from scoring.learning.run_files import RunFiles
from scoring.networks.compact_weights import compact_weights
from scoring.systems.nailfold.label_shape import LABELS_FILE, LABELS_ROLE, label_shape_text
from scoring.systems.nailfold.network import NETWORK_ROLE, LabelNetwork
from scoring.weights import WeightsRecord

_WEIGHTS = f"{NETWORK_ROLE}.safetensors"


def write_label_network(files: RunFiles, network: LabelNetwork) -> WeightsRecord:
    """Both files and the list of them. TrainingError when the disk does not take them."""
    records = (
        files.write(NETWORK_ROLE, _WEIGHTS, save(compact_weights(network.module))),
        files.write(LABELS_ROLE, LABELS_FILE, label_shape_text(network.shape).encode()),
    )
    files.write_record(records)
    return WeightsRecord(files.statement, records, files.system)
