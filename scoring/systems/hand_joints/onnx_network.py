"""The grader for other programs: crops and sites in, probabilities of grades above k out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from torch import Tensor, nn

from scoring.networks.network_ports import Port, PortsOfNetwork
from scoring.networks.onnx_export import write_onnx_file
from scoring.networks.torch_start import load_weights, start_torch
from scoring.score_rules.sharp_van_der_heijde import SITES
from scoring.spec import SystemSpec
from scoring.systems.hand_joints.network import EROSION_CUTS, NARROWING_CUTS, JointGrader
from scoring.systems.hand_joints.preprocessing import CROP
from scoring.systems.hand_joints.system import GRADER_ROLE
from scoring.weights import read_weights_record

_WIDEST: Final = 4.0
"""Crops are in units of their own spread."""


class ProbabilitiesOfGrades(nn.Module):
    """The grader with plain tensors as its answer."""

    def __init__(self, grader: JointGrader) -> None:
        super().__init__()
        self.grader = grader

    def forward(self, crops: Tensor, sites: Tensor) -> tuple[Tensor, Tensor]:
        """P(erosion > k) (n, 5) and P(narrowing > k) (n, 4)."""
        logits = self.grader(crops, sites)
        return logits.erosion.sigmoid(), logits.narrowing.sigmoid()


def write_onnx(spec: SystemSpec, folder: Path) -> Sequence[PortsOfNetwork]:
    """Write the grader with the weights that ``spec`` names first; what goes in and comes out."""
    start_torch()
    grader = JointGrader()
    load_weights(grader, read_weights_record(spec.weights_files[0]).file(GRADER_ROLE))
    ports = PortsOfNetwork(
        role=GRADER_ROLE,
        inputs=(
            Port("crops", "image", (1, CROP, CROP), "float32", -_WIDEST, _WIDEST, ("radiograph, bone bright",)),
            Port("sites", "integer", (), "int64", 0, len(SITES) - 1, (f"index in {', '.join(SITES)}",)),
        ),
        outputs=(_cuts("erosion", EROSION_CUTS), _cuts("narrowing", NARROWING_CUTS)),
    )
    write_onnx_file(ProbabilitiesOfGrades(grader), ports, folder)
    return (ports,)


def _cuts(item: str, cuts: int) -> Port:
    return Port(item, "probabilities", (cuts,), "float32", 0, 1, tuple(f"P({item} > {k})" for k in range(cuts)))
