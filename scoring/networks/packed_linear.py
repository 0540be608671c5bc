"""Linear layers for serving: weights packed once as oneDNN multiplies them fastest, with the GELU that may follow.

torch multiplies matrices of single precision with MKL, which reaches less than half of what oneDNN does on processors
that are not Intel's. The operators are those that torch's own compiler puts in place of the same layers.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

_ROWS: Final = 196
"""Of the matrices for which the layout is chosen: places of the third stage of a ConvNeXt at 224 pixels."""


class PackedLinear(nn.Module):
    """What ``linear`` answers, to the last digits of single precision. It learns nothing and has no way back."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.packed = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach(), _ROWS)
        self.bias = None if linear.bias is None else linear.bias.detach()

    def forward(self, given: Tensor) -> Tensor:
        """(..., inputs) -> (..., outputs)."""
        answer: Tensor = torch.ops.mkldnn._linear_pointwise(given, self.packed, self.bias, "none", [], "")
        return answer


def pack_linear_layers(module: nn.Module) -> None:
    """Replace every linear layer inside ``module``; nothing changes where torch was built without oneDNN."""
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]  # torch's stub
        return
    for name, child in module.named_children():
        if type(child) is nn.Linear:
            setattr(module, name, PackedLinear(child))
        else:
            pack_linear_layers(child)
