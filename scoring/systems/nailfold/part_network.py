"""A small network with batch normalisation that also points: apices, abnormal shapes, giants, haemorrhages by place.

ConvNeXt learns nothing from scratch in minutes; this does, once it is told where on a drawn picture the parts lie
(``scoring.systems.nailfold.part_maps``). A feature is present where its map is hot anywhere, which is how a reader
finds it; density needs the apices and the scale, which the rest of the picture tells.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from scoring.score_rules.nailfold_labels import NAILFOLD_LABELS
from scoring.systems.nailfold.part_maps import PARTS
from scoring.systems.nailfold.preprocessing import normalised

_POINTED_AT: Final = ("abnormal_shape", "giant", "haemorrhage")
"""Labels whose part has a map of its own."""
_HOTTEST: Final = 4
"""Places of a map whose mean says how hot it is at its hottest: one alone may be grain."""
_RARE: Final = -3.0
"""Logit of a part at any one place, before anything is learnt."""


class PartJudgement(NamedTuple):
    """What the network says of n pictures."""

    logits: Tensor
    """(n, 5), of the labels."""
    parts: Tensor
    """(n, 4, rows / 8, columns / 8), logits of each part by place."""
    log_density: Tensor
    """(n,), of the density over the limit of 7/mm."""


class PartNetwork(nn.Module):
    """About half a million parameters at the widths of the demonstration."""

    def __init__(self, widths: tuple[int, int, int, int] = (24, 32, 64, 96)) -> None:
        super().__init__()
        fine, middle, coarse, coarsest = widths
        self.eighth = nn.Sequential(
            _convolution(3, fine, 5, stride=2),
            _convolution(fine, middle, stride=2),
            _Residual(middle),
            _Residual(middle),
            _convolution(middle, coarse, stride=2),
            _Residual(coarse),
        )
        self.sixteenth = nn.Sequential(
            _convolution(coarse, coarsest, stride=2), _Residual(coarsest), _Residual(coarsest)
        )
        self.down = nn.Conv2d(coarsest, coarse, 1)
        self.last_convolution = _convolution(coarse, coarse)
        self.parts = nn.Conv2d(coarse, len(PARTS), 1)
        nn.init.constant_(self.parts.bias, _RARE)  # type: ignore[arg-type]  # it has one
        seen = coarsest + 2 * coarse + 2 * len(PARTS)
        self.head = nn.Sequential(nn.Linear(seen, 96), nn.ReLU(), nn.Linear(96, len(NAILFOLD_LABELS) + 1))

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, 3, rows, columns) of 0..1 -> (n, 5) logits in the order of ``NAILFOLD_LABELS``."""
        return self.judge(pictures).logits

    def judge(self, pictures: Tensor) -> PartJudgement:
        """The same with what the labels rest on."""
        return self._judged(*self._seen(pictures))

    def last_map(self, pictures: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """See ``LabelModule``."""
        found, wide = self._seen(pictures)
        return found, lambda found: self._judged(found, wide).logits

    def _seen(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """The last map, and the coarser one that sees further around each place."""
        near = self.eighth(normalised(pictures))
        wide = self.sixteenth(near)
        around = functional.interpolate(self.down(wide), size=near.shape[2:], mode="nearest")
        return self.last_convolution(near + around), wide

    def _judged(self, found: Tensor, wide: Tensor) -> PartJudgement:
        parts = self.parts(found).float()
        hottest = parts.flatten(2).topk(_HOTTEST, 2).values.mean(2)
        share = parts.sigmoid().mean((2, 3)) * parts.shape[3] / 2
        told = [wide.mean((2, 3)), found.mean((2, 3)), found.amax((2, 3)), hottest, share]
        said = self.head(torch.cat([one.float() for one in told], 1)).float()
        logits, log_density = said[:, :-1], said[:, -1]
        pointed = [hottest[:, PARTS.index(label)] for label in _POINTED_AT]
        rest = [torch.zeros_like(log_density)] * (len(NAILFOLD_LABELS) - len(pointed))
        return PartJudgement(logits + torch.stack([*pointed, *rest], 1), parts, log_density)


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _convolution(width, width)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))

    def forward(self, found: Tensor) -> Tensor:
        return functional.relu(found + self.second(self.first(found)))


def _convolution(before: int, after: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, size, stride, size // 2, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True)
    )
