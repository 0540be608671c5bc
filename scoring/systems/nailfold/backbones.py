"""Networks that a recipe may name: timm's ConvNeXt, or the small one of the demonstration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol, cast

from torch import Tensor, nn

from scoring.networks.timm_trunk import TimmTrunk
from scoring.score_rules.nailfold_labels import NAILFOLD_LABELS
from scoring.systems.nailfold.part_network import PartNetwork
from scoring.systems.nailfold.preprocessing import normalised

PART_NETWORK: Final = "part_network"
COLOURS: Final = 3


class LabelModule(Protocol):
    """What every network of this system is: a module from pictures to logits, and where its last map is made."""

    last_convolution: nn.Module
    """Its output (n, features, rows, columns) is what explanations look at."""

    def __call__(self, pictures: Tensor) -> Tensor:
        """(n, 3, rows, columns) of 0..1 -> (n, 5) logits in the order of ``NAILFOLD_LABELS``."""


class TimmLabels(nn.Module):
    """A timm backbone, the mean of its last map, and one weight a feature and label."""

    def __init__(self, trunk: TimmTrunk) -> None:
        super().__init__()
        self.last_convolution = trunk
        self.head = nn.Sequential(nn.LayerNorm(trunk.features), nn.Linear(trunk.features, len(NAILFOLD_LABELS)))

    def forward(self, pictures: Tensor) -> Tensor:
        """See ``LabelModule``."""
        found: Tensor = self.last_convolution(normalised(pictures))
        logits: Tensor = self.head(found.float().mean((2, 3)))
        return logits


def untrained(backbone: str, options: Mapping[str, Any]) -> nn.Module:
    """A ``LabelModule`` without weights. TrainingError: timm has no such backbone."""
    if backbone == PART_NETWORK:
        return PartNetwork(**options)
    return TimmLabels(TimmTrunk.untrained(backbone, COLOURS, **options))


def as_labels(module: nn.Module) -> LabelModule:
    """The same module, as what it is known to be."""
    return cast(LabelModule, module)
