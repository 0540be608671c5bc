"""Is there a nailfold in the picture at all: asked before anything is read from it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load
from torch import Tensor, nn
from torch.nn import functional

from scoring.capillaroscopy.sharpness import Pixels
from scoring.capillaroscopy.view_network import SIDE, ViewNetwork, square_view
from scoring.errors import WeightsError
from scoring.weights import WeightRecord, checked_bytes

ROLE = "view_gate"
"""In weights.toml."""
THRESHOLD = "threshold"
"""Beside the network's tensors: the probability under which a picture is refused."""
_AT_ONCE = 64


class ViewGate:
    """A trained view network with its threshold."""

    def __init__(self, network: ViewNetwork, threshold: float) -> None:
        self._network, self.threshold = network.eval(), threshold

    @classmethod
    def open(cls, record: WeightRecord) -> ViewGate:
        """Read the listed file; WeightsError when it is missing, changed, or of another network."""
        tensors = {name: tensor.float() for name, tensor in load(checked_bytes(record)).items()}
        threshold = float(tensors.pop(THRESHOLD, torch.nan))
        network = ViewNetwork()
        try:
            found = network.load_state_dict(tensors, strict=False)
        except RuntimeError as error:
            raise _does_not_fit(record, str(error).splitlines()[0]) from None
        lacking = [name for name in found.missing_keys if not name.endswith("num_batches_tracked")]
        if lacking or found.unexpected_keys or not 0 < threshold < 1:
            raise _does_not_fit(record, f"{len(lacking)} tensors are missing, {len(found.unexpected_keys)} are unknown")
        return cls(network, threshold)

    def probability(self, pixels: Pixels) -> float:
        """0..1 for one upright picture of any size: that it shows a nailfold through a lens."""
        return float(gate_probabilities(self._network, square_view(pixels)[None])[0])


def gate_probabilities(network: nn.Module, squares: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """(n,) of squares (n, side, side, 3); larger ones than the network takes are made smaller first."""
    views = as_views(squares)
    with torch.inference_mode():
        parts = [
            network(functional.interpolate(part, (SIDE, SIDE), mode="area")) for part in torch.split(views, _AT_ONCE)
        ]
        return np.asarray(torch.sigmoid(torch.cat(parts)).double())


def as_views(squares: npt.NDArray[np.uint8]) -> Tensor:
    """Squares (n, side, side, 3), 0..255, as the network takes them: (n, 3, side, side), 0..1."""
    return torch.from_numpy(squares.transpose(0, 3, 1, 2).astype(np.float32) / 255)


def _does_not_fit(record: WeightRecord, how: str) -> WeightsError:
    return WeightsError(
        f"{record.path.name} does not fit the view gate ({how}); train it again with "
        "python -m scoring.capillaroscopy.view_training."
    )
