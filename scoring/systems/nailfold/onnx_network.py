"""The label network for other programs: pictures in, probabilities of the five labels out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor, nn

from scoring.networks.network_ports import Port, PortsOfNetwork
from scoring.networks.onnx_export import write_onnx_file
from scoring.networks.torch_start import start_torch
from scoring.score_rules.nailfold_labels import NAILFOLD_LABELS
from scoring.spec import SystemSpec
from scoring.systems.nailfold.backbones import COLOURS
from scoring.systems.nailfold.network import NETWORK_ROLE, LabelNetwork, logits_of
from scoring.weights import read_weights_record


class Probabilities(nn.Module):
    """The network with probabilities as its answer."""

    def __init__(self, network: LabelNetwork) -> None:
        super().__init__()
        self.network, self.mirrored = network.module, network.shape.mirrored

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, 3, rows, columns) of 0..1 -> (n, 5)."""
        return logits_of(self.network, pictures, self.mirrored).sigmoid()


def write_onnx(spec: SystemSpec, folder: Path) -> Sequence[PortsOfNetwork]:
    """Write the network with the weights that ``spec`` names first; what goes in and comes out."""
    start_torch()
    network = LabelNetwork.open(read_weights_record(spec.weights_files[0]))
    shape = (COLOURS, network.shape.rows, network.shape.columns)
    present = tuple(f"P({label}), present from {network.thresholds[label]:g}" for label in NAILFOLD_LABELS)
    ports = PortsOfNetwork(
        role=NETWORK_ROLE,
        inputs=(Port("pictures", "image", shape, "float32", 0, 1, ("red, sRGB", "green, sRGB", "blue, sRGB")),),
        outputs=(Port("labels", "probabilities", (len(NAILFOLD_LABELS),), "float32", 0, 1, present),),
    )
    write_onnx_file(Probabilities(network), ports, folder)
    return (ports,)
