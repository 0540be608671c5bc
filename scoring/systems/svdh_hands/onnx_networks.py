"""The members for other programs: views of hands in, sums and severity out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor, nn

from scoring.networks.network_ports import Port, PortsOfNetwork
from scoring.networks.onnx_export import write_onnx_file
from scoring.networks.torch_start import start_torch
from scoring.networks.whole_hand import WholeHandNetwork
from scoring.score_rules.sharp_van_der_heijde import highest_sum
from scoring.spec import SystemSpec
from scoring.systems.svdh_hands.ensemble import Ensemble
from scoring.systems.svdh_hands.preprocessing import WIDEST, view_shape
from scoring.systems.svdh_hands.totals import severity_cuts
from scoring.weights import read_weights_record


class SumAndSeverity(nn.Module):
    """A member with plain tensors as its answer."""

    def __init__(self, network: WholeHandNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, views: Tensor) -> tuple[Tensor, Tensor]:
        """The sum of the hand (n,), and P(class > k) (n, cut-offs) of a patient both of whose hands are like it."""
        judged = self.network(views)
        return judged.total, judged.severity.sigmoid()


def write_onnx(spec: SystemSpec, folder: Path) -> Sequence[PortsOfNetwork]:
    """Write each member with the weights that ``spec`` names first; what goes in and comes out."""
    start_torch()
    cuts = severity_cuts(spec)
    ensemble = Ensemble.open(read_weights_record(spec.weights_files[0]), cuts)
    shape = (1, *view_shape(ensemble.shape.pixels))
    classes = tuple(f"P(twice the sum >= {cut})" for cut in cuts)
    written = []
    for name, network in ensemble.networks.items():
        ports = PortsOfNetwork(
            role=name,
            inputs=(Port("views", "image", shape, "float32", -WIDEST, WIDEST, ("radiograph, bone bright",)),),
            outputs=(
                Port("sum", "score", (), "float32", 0, highest_sum("R"), ("sum of one hand",)),
                Port("severity", "probabilities", (len(cuts),), "float32", 0, 1, classes),
            ),
        )
        write_onnx_file(SumAndSeverity(network), ports, folder)
        written.append(ports)
    return written
