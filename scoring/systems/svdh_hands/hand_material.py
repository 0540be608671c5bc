"""Hands as the training loop takes them, and what it costs to be wrong about them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from scoring.learning.batch_stream import Batch
from scoring.learning.losses import regression_loss
from scoring.learning.showing_order import Order, balanced
from scoring.networks.ordinal_head import ordinal_loss
from scoring.networks.whole_hand import HANDS, HandJudgement, damage_truth
from scoring.systems.svdh_hands.augmentation import augmented
from scoring.systems.svdh_hands.hand_book import HandBook

_TOTAL_TOLERANCE: Final = 5.0
"""Score units; the size of a smallest detectable change between two readers."""
_CELL_TOLERANCE: Final = 1.0
_TOTAL_WEIGHT: Final = 0.5


def severity_class(total: float, cut_offs: Sequence[int]) -> int:
    """The class, 0 .. number of cut-offs, of a total of both hands."""
    return bisect_right(cut_offs, total)


@dataclass(frozen=True)
class HandMaterial:
    """Hands of a book with their truth; every severity class is shown as often as ``evenness`` wants."""

    book: HandBook
    pixels: int
    cut_offs: tuple[int, ...]
    evenness: float = 0.0

    def order(self, chance: np.random.Generator) -> Order:
        """All hands, classes evened out."""
        return balanced(self._classes(), chance, self.evenness)

    def batch(self, chosen: Order, chance: np.random.Generator) -> Batch:
        """Views with their totals, classes, and the places and amounts of damage (NaN where not known)."""
        views, places = augmented(self.book, chosen, self.pixels, chance)
        classes = [self._classes()[n] for n in chosen]
        return {
            "views": views,
            "total": torch.from_numpy(self.book.totals[chosen]),
            "severity": torch.tensor(classes, dtype=torch.float32),
            "places": places,
            "damage": torch.from_numpy(self.book.damage[chosen]),
        }

    def _classes(self) -> list[int]:
        return [severity_class(HANDS * total, self.cut_offs) for total in self.book.totals.tolist()]


def hand_loss(network: nn.Module, batch: Batch) -> Tensor:
    """Total and class, and where the damage lies in the hands of which that is known."""
    judged: HandJudgement = network(batch["views"])
    loss = regression_loss(judged.total, batch["total"], _TOTAL_TOLERANCE)
    loss = _TOTAL_WEIGHT * loss + ordinal_loss(judged.severity, batch["severity"])
    known = batch["damage"].isfinite().all(1)
    if not known.any():
        return loss
    shape = (judged.damage.shape[1], judged.damage.shape[2])
    stride = batch["views"].shape[2] / shape[0]
    truth = damage_truth(batch["places"][known], batch["damage"][known], shape, stride)
    cells = functional.smooth_l1_loss(judged.damage[known], truth, reduction="none", beta=_CELL_TOLERANCE)
    return loss + cells.sum((1, 2)).mean()
