"""Classes that begin at known cut-offs of a total: a proportional-odds model of the total that a network estimates.

What is learnt is how sharp the cut-offs are, that is how far the estimate may be from a reader's total. So a class
never contradicts the total that stands beside it, and P(y > 0) >= P(y > 1) >= … holds for every total.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn

_STEADY: Final = 0.375
"""The root of a count and this has about the same spread whatever the count (Anscombe, Biometrika 1948;35:246)."""
_BETWEEN: Final = 0.5
"""Totals are whole numbers: the border lies half way to the cut-off from the total before it."""
_SLOPE: Final = 2.0
"""Before training, logits in a unit of the root: at a total of 70 the class is sure to about a dozen score units."""


class CutOffHead(nn.Module):
    """Totals in, logits of "the total reaches the k-th cut-off" out; two numbers are learnt."""

    borders: Tensor

    def __init__(self, cut_offs: Sequence[int]) -> None:
        """``cut_offs``: rising, the smallest 1 or more."""
        super().__init__()
        self.log_slope = nn.Parameter(torch.tensor(_SLOPE).log())
        self.shift = nn.Parameter(torch.zeros(()))
        self.register_buffer("borders", _root(torch.tensor(cut_offs) - _BETWEEN), persistent=False)

    def forward(self, total: Tensor) -> Tensor:
        """(n,) of 0 and above -> (n, cut-offs)."""
        return self.log_slope.exp() * (_root(total)[:, None] - self.borders) + self.shift


def _root(total: Tensor) -> Tensor:
    return (total + _STEADY).sqrt()
