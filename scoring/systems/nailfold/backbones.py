"""Networks that a recipe may name: timm's ConvNeXt, or the small one of the demonstration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, cast

from torch import Tensor, nn

from scoring.networks.packed_linear import pack_linear_layers
from scoring.networks.timm_trunk import TimmTrunk
from scoring.score_rules.nailfold_labels import NAILFOLD_LABELS
from scoring.systems.nailfold.part_network import PartNetwork
from scoring.systems.nailfold.preprocessing import normalised

PART_NETWORK: Final = "part_network"
COLOURS: Final = 3


class LabelModule(Protocol):
    """What every network of this system is: a module from pictures to logits, by way of its last map."""

    def __call__(self, pictures: Tensor) -> Tensor:
        """(n, 3, rows, columns) of 0..1 -> (n, 5) logits in the order of ``NAILFOLD_LABELS``."""

    def last_map(self, pictures: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """What explanations look at, (n, features, rows, columns), coarser; and what takes it to the logits."""


class TimmLabels(nn.Module):
    """A timm backbone, the mean of its last map, and one weight a feature and label."""

    def __init__(self, trunk: TimmTrunk) -> None:
        super().__init__()
        self.last_convolution = trunk
        self.head = nn.Sequential(nn.LayerNorm(trunk.features), nn.Linear(trunk.features, len(NAILFOLD_LABELS)))

    def forward(self, pictures: Tensor) -> Tensor:
        """See ``LabelModule``."""
        return self._labels(self.last_convolution(normalised(pictures)))

    def last_map(self, pictures: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """See ``LabelModule``."""
        return self.last_convolution(normalised(pictures)), self._labels

    def _labels(self, found: Tensor) -> Tensor:
        logits: Tensor = self.head(found.float().mean((2, 3)))
        return logits


def untrained(backbone: str, options: Mapping[str, Any]) -> nn.Module:
    """A ``LabelModule`` without weights. TrainingError: timm has no such backbone."""
    if backbone == PART_NETWORK:
        return PartNetwork(**options)
    return TimmLabels(TimmTrunk.untrained(backbone, COLOURS, **options))


def pack_for_serving(module: nn.Module) -> None:
    """Make a network faster that is only asked from now on; what it answers stays, to the last digits."""
    if isinstance(module, TimmLabels):  # its head is left as it is: explanations need the way back through it
        pack_linear_layers(module.last_convolution)


def as_labels(module: nn.Module) -> LabelModule:
    """The same module, as what it is known to be."""
    return cast(LabelModule, module)
