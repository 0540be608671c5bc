"""Weights of a network as they are kept: half as large, and widened again when they are opened."""

from __future__ import annotations

from torch import Tensor, nn


def compact_weights(network: nn.Module) -> dict[str, Tensor]:
    """Filters in half precision; running means and variances, which may be tiny, as they are."""
    return {
        key: (value.half() if value.ndim > 1 else value).contiguous() for key, value in network.state_dict().items()
    }
