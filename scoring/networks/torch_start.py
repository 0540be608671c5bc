"""Start torch once and alike everywhere: threads, determinism, checked weights; a torchvision that imports.

torchvision's wheel registers its operators from a compiled part that does not load beside a CPU build of torch of
another build number; its Python part then fails on ``torchvision::nms`` and takes timm down with it
(pytorch/vision #8289, #9085). The two operators that it asks for are declared here, by schema only: importing works,
and calling ``nms`` still ends in torchvision's own clear message.
"""

from __future__ import annotations

import importlib
import sys
from typing import Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import nn

from scoring.errors import WeightsError
from scoring.weights import WeightRecord, checked_bytes

_MISSING_OPERATOR: Final = "torchvision::nms"
_SCHEMAS: Final = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_KEPT_ALIVE: Final[list[torch.library.Library]] = []
"""An operator lives as long as the Library that declared it."""


def start_torch(threads: int = 1) -> None:
    """Set what must hold before the first network runs: ``threads`` per operation, repeatable algorithms.

    One, so that a result does not depend on how many cores a machine has. A second saves little on networks this small,
    and waits in a loop for the first when listener, database or PACS share the machine.
    """
    torch.set_num_threads(max(1, threads))
    # The same switch as use_deterministic_algorithms(True), which loads torch's compiler first: two seconds.
    torch.set_deterministic_debug_mode("error")


def mend_torchvision() -> bool:
    """Make ``import torchvision`` work; True when it was mended. A healthy or absent install is left untouched.

    For those who import timm, and for nobody else: torchvision loads torch's compiler.
    """
    try:
        importlib.import_module("torchvision")
    except ModuleNotFoundError:
        return False
    except RuntimeError as error:
        if _MISSING_OPERATOR not in str(error):
            raise
    else:
        return False
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]  # half imported
    fragment = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for schema in _SCHEMAS:
        fragment.define(schema)  # type: ignore[no-untyped-call]
    _KEPT_ALIVE.append(fragment)
    importlib.import_module("torchvision")
    return True


def load_weights(module: nn.Module, record: WeightRecord) -> None:
    """Fill a network from a listed safetensors file and set it to evaluation.

    Raises WeightsError when the file is missing, changed, no safetensors, or made for another network.
    """
    try:
        tensors = load(checked_bytes(record))
    except SafetensorError:
        raise WeightsError(
            f"{record.path.name} is no safetensors file; restore it or train the system again."
        ) from None
    wanted = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    if wanted != found:
        name = min(set(wanted.items()) ^ set(found.items()))[0]
        raise WeightsError(
            f"{record.path.name} belongs to another network: {name} has the shape {found.get(name)}, wanted "
            f"{wanted.get(name)}. Restore the file that came with this version, or train the system again."
        )
    module.load_state_dict(tensors, strict=True)
    module.eval()
    module.requires_grad_(False)
