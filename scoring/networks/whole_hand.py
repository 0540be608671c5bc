"""A whole hand in, its Sharp/van der Heijde score and severity class out, by way of a map of where the damage is.

The score is a sum over sites, so the network's is a sum over cells: each cell of the trunk's grid says how much damage
lies in it, never less than none. Where sites are known the map itself can be learnt; where only a reader's total is
known, its sum. No site is looked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from torch import Tensor, nn
from torch.nn import functional

from scoring.networks.cut_off_head import CutOffHead
from scoring.networks.timm_trunk import TimmTrunk

HANDS: Final = 2
"""Of a patient. Classes are of both hands: one hand counts as half of a patient both of whose hands are like it."""
_HIDDEN: Final = 64
_AT_FIRST: Final = -1.0
"""Bias of the map before training: a third of a grade in every cell, about as much as hands have on average."""


class HandJudgement(NamedTuple):
    """What the network says of n hands."""

    total: Tensor
    """(n,) score units, 0 and above."""
    severity: Tensor
    """(n, cut-offs) logits of "the class is above k" of a patient both of whose hands are like this one."""
    damage: Tensor
    """(n, rows, columns) score units in each cell; their sum is the total."""


class WholeHandNetwork(nn.Module):
    """A trunk with a map of damage, and an ordinal head over the cut-offs of a patient's total."""

    def __init__(self, trunk: TimmTrunk, cut_offs: Sequence[int]) -> None:
        super().__init__()
        self.trunk = trunk
        self.head = _DamageHead(trunk.features, cut_offs)

    def forward(self, views: Tensor) -> HandJudgement:
        """(n, 1, rows, columns), normalised."""
        judged: HandJudgement = self.head(self.trunk(views))
        return judged

    def severity(self, total: Tensor) -> Tensor:
        """(n,) totals of both hands -> (n, cut-offs) logits of "the class is above k"."""
        logits: Tensor = self.head.severity(total)
        return logits


class AgeNetwork(nn.Module):
    """The trunk with one number after it: what is learnt from films whose only label is the skeletal age."""

    def __init__(self, trunk: TimmTrunk) -> None:
        super().__init__()
        self.trunk = trunk
        self.years = nn.Linear(trunk.features, 1)

    def forward(self, views: Tensor) -> Tensor:
        """(n, 1, rows, columns) -> (n,) years from the middle of childhood."""
        features = self.trunk(views).float().mean((2, 3))
        return self.years(features)[:, 0]  # type: ignore[no-any-return]


class _DamageHead(nn.Module):
    def __init__(self, features: int, cut_offs: Sequence[int]) -> None:
        super().__init__()
        self.mix = nn.Sequential(nn.Conv2d(features, _HIDDEN, 1, bias=False), nn.BatchNorm2d(_HIDDEN), nn.ReLU())
        self.amount = nn.Conv2d(_HIDDEN, 1, 1)
        nn.init.constant_(self.amount.bias, _AT_FIRST)  # type: ignore[arg-type]  # a convolution made with a bias
        self.severity = CutOffHead(cut_offs)

    def forward(self, features: Tensor) -> HandJudgement:
        damage = functional.softplus(self.amount(self.mix(features))[:, 0].float())
        total = damage.sum((1, 2))
        return HandJudgement(total, self.severity(HANDS * total), damage)


def damage_truth(places: Tensor, amounts: Tensor, shape: tuple[int, int], stride: float) -> Tensor:
    """(n, rows, columns): amounts (n, sites) laid on the cells around their places (n, sites, 2), x and y in pixels.

    A place between four cells gives each its share; beyond the grid the nearest cell takes it. The sum is kept.
    """
    rows, columns = shape
    cells = (places + 0.5) / stride - 0.5
    low = cells.floor()
    share = cells - low
    truth = amounts.new_zeros(len(amounts), rows * columns)
    for right in (0, 1):
        for down in (0, 1):
            weight = (share[..., 0] - 1 + right).abs() * (share[..., 1] - 1 + down).abs()
            x = (low[..., 0] + right).clamp(0, columns - 1)
            y = (low[..., 1] + down).clamp(0, rows - 1)
            truth.scatter_add_(1, (y * columns + x).long(), weight * amounts)
    return truth.view(-1, rows, columns)
