"""A torch network as an ONNX file, whole in itself, whose answers were compared with torch's before it is kept."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from scoring.errors import BundleError, ModelsNotInstalledError
from scoring.networks.network_ports import Port, PortsOfNetwork

_TOLERANCE: Final = 1e-4
"""Largest difference from torch's answer, in shares of the port's range: float32 sums in another order."""
_SEED: Final = 7


def write_onnx_file(network: nn.Module, ports: PortsOfNetwork, folder: Path) -> Path:
    """Write ROLE.onnx of a network whose arguments and answers are those of ``ports``; its path.

    The first dimension of every tensor is free. Raises BundleError when ONNX's own reference, given another batch than
    the one that was traced, answers otherwise than torch; ModelsNotInstalledError without the extra ``onnx``.
    """
    network = network.eval()
    model = _exported(network, ports)
    _strip(model)
    _compare(model, network, ports)
    path = folder / f"{ports.role}.onnx"
    path.write_bytes(model.SerializeToString(deterministic=True))
    return path


def example_of(ports: Sequence[Port], count: int, seed: int = _SEED) -> tuple[Tensor, ...]:
    """So many samples that a network with these inputs may be given, by chance from a seed."""
    chance = np.random.default_rng(seed)
    return tuple(torch.from_numpy(_drawn(port, (count, *port.shape), chance)) for port in ports)


def _exported(network: nn.Module, ports: PortsOfNetwork) -> Any:
    try:
        import onnxscript  # noqa: F401  # torch's exporter needs it, and says so only in a long trace
    except ModuleNotFoundError as error:
        raise ModelsNotInstalledError(
            f"ONNX files need {error.name}; install it with: pip install 'rheumascore[onnx]', or export without ONNX."
        ) from None
    free = {0: torch.export.Dim("n")}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # torch's exporter warns of its own code
        program = torch.onnx.export(
            network,
            example_of(ports.inputs, 2),
            dynamo=True,
            external_data=False,
            verbose=False,
            input_names=[port.name for port in ports.inputs],
            output_names=[port.name for port in ports.outputs],
            dynamic_shapes=tuple(free for _ in ports.inputs),
        )
    if program is None:
        raise BundleError(f"torch could not export {ports.role} to ONNX; export without ONNX.")
    return program.model_proto


def _strip(model: Any) -> None:
    """Without what only a developer wants: lines of source with the folders of this machine."""
    graphs = [model.graph, *model.functions]
    del model.metadata_props[:]
    for graph in graphs:
        del graph.metadata_props[:]
        graph.doc_string = ""
        for part in (*graph.node, *graph.value_info):
            del part.metadata_props[:]
            part.doc_string = ""


def _compare(model: Any, network: nn.Module, ports: PortsOfNetwork) -> None:
    from onnx.reference import ReferenceEvaluator

    given = example_of(ports.inputs, 3, seed=_SEED + 1)
    with torch.inference_mode():
        wanted = network(*given)
    wanted = (wanted,) if isinstance(wanted, Tensor) else tuple(wanted)
    named = {port.name: tensor.numpy() for port, tensor in zip(ports.inputs, given, strict=True)}
    found = ReferenceEvaluator(model).run(None, named)
    for port, ours, theirs in zip(ports.outputs, wanted, found, strict=True):
        off = float(np.abs(np.asarray(theirs) - ours.numpy()).max()) / (port.highest - port.lowest)
        if not off <= _TOLERANCE:
            raise BundleError(
                f"The ONNX file of {ports.role} answers otherwise than torch: {port.name} is {off:.1e} of its range "
                "off. Export without ONNX, and report it."
            )


def _drawn(port: Port, shape: tuple[int, ...], chance: np.random.Generator) -> np.ndarray[Any, Any]:
    if port.dtype == "int64":
        return chance.integers(int(port.lowest), int(port.highest) + 1, shape)
    return chance.uniform(port.lowest, port.highest, shape).astype(np.float32)
