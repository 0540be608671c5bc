"""Networks that forgot what they learnt: their weights in another order, for a while."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, runtime_checkable

import torch
from torch import nn


@runtime_checkable
class LearntSystem(Protocol):
    """A system that shows which networks its judgement and its heatmaps come from."""

    @property
    def networks(self) -> Sequence[nn.Module]:
        """The networks that judge, not those that find the hand."""


@contextmanager
def shuffled_weights(networks: Sequence[nn.Module], seed: int) -> Iterator[None]:
    """Within it every tensor of weights has its values in another order; afterwards all are as they were."""
    chance = torch.Generator().manual_seed(seed)
    kept = [{name: value.clone() for name, value in network.state_dict().items()} for network in networks]
    try:
        with torch.no_grad():
            for parameter in (p for network in networks for p in network.parameters()):
                order = torch.randperm(parameter.numel(), generator=chance)
                parameter.copy_(parameter.flatten()[order].view_as(parameter))
        yield
    finally:
        for network, state in zip(networks, kept, strict=True):
            network.load_state_dict(state)
