"""Pictures as the training loop takes them, and what it costs to be wrong about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from scoring.learning.batch_stream import Batch
from scoring.learning.losses import multi_label_loss, regression_loss
from scoring.learning.showing_order import Order, shuffled
from scoring.score_rules.nailfold_labels import LOW_DENSITY_BELOW_PER_MM, NAILFOLD_LABELS
from scoring.systems.nailfold.augmentation import augmented
from scoring.systems.nailfold.backbones import as_labels
from scoring.systems.nailfold.part_network import PartJudgement, PartNetwork
from scoring.systems.nailfold.picture_book import PictureBook, Truth, present
from scoring.systems.nailfold.preprocessing import as_pictures

_LABELS: Final = float(len(NAILFOLD_LABELS))
_PARTS_WEIGHT: Final = 4.0
_RARITY: Final = (3.0, 5.0, 5.0, 5.0)
"""How much more it costs to miss a part at a place than to see one too many, in the order of ``PARTS``."""
_DENSITY_TOLERANCE: Final = 0.1
"""In logarithms: a tenth of the density."""
_LEAST_DENSITY: Final = 0.5
"""Per mm; fewer are as good as none, and none has no logarithm."""
_MOST_RARE: Final = 20.0


@dataclass(frozen=True)
class PictureMaterial:
    """The pictures of a book, each once an epoch; its places of parts only ``with_parts``."""

    book: PictureBook
    with_parts: bool = False

    def order(self, chance: np.random.Generator) -> Order:
        """All pictures."""
        return shuffled(len(self.book), chance)

    def batch(self, chosen: Order, chance: np.random.Generator) -> Batch:
        """Pictures with their labels, and the maps of parts and the logarithm of density where they are known."""
        book = self.book
        parts = book.parts if self.with_parts else None
        maps = None if parts is None else torch.from_numpy(parts[chosen].astype(np.float32) / 255)
        pictures, maps = augmented(torch.from_numpy(as_pictures(book.views[chosen])), maps, chance)
        batch = {"pictures": pictures, "truth": torch.from_numpy(book.truth[chosen])}
        if maps is not None and book.densities is not None:
            # the network's maps are half as fine
            batch["parts"] = functional.max_pool2d(maps, 2)
            batch["log_density"] = torch.from_numpy(
                np.log(np.maximum(book.densities[chosen], _LEAST_DENSITY) / LOW_DENSITY_BELOW_PER_MM)
            )
        return batch


def positive_weights(truth: Truth) -> tuple[float, ...]:
    """How often each label is absent for each time that it is present, at most 20: what makes up for rare labels."""
    said = present(truth)
    yes, no = np.nansum(said, 0), np.nansum(1 - said, 0)
    return tuple(float(min(_MOST_RARE, no[n] / yes[n])) if yes[n] else 1.0 for n in range(said.shape[1]))


def label_loss(weights: tuple[float, ...] | None, gamma: float) -> Callable[[nn.Module, Batch], Tensor]:
    """Binary cross entropy of the five labels, or focal loss with ``gamma``; what was not judged costs nothing."""

    def loss(network: nn.Module, batch: Batch) -> Tensor:
        logits = as_labels(network)(batch["pictures"])
        positive = None if weights is None else torch.tensor(weights, device=logits.device)
        return multi_label_loss(logits, batch["truth"], positive, gamma)

    return loss


def part_loss(network: nn.Module, batch: Batch) -> Tensor:
    """Labels, places of parts and density of a ``PartNetwork``; parts and density only of pictures that show them."""
    if not isinstance(network, PartNetwork):
        raise TypeError("Places of parts are learnt by the part network alone.")
    judged: PartJudgement = network.judge(batch["pictures"])
    shown = batch["truth"][:, 0].isfinite()
    rarity = torch.tensor(_RARITY, device=judged.parts.device).view(-1, 1, 1)
    cells = functional.binary_cross_entropy_with_logits(
        judged.parts, batch["parts"], reduction="none", pos_weight=rarity
    )
    places = (cells.mean((2, 3)).sum(1) * shown).sum() / shown.sum().clamp_min(1)
    density = regression_loss(judged.log_density[shown], batch["log_density"][shown], _DENSITY_TOLERANCE)
    return _PARTS_WEIGHT * places + _LABELS * multi_label_loss(judged.logits, batch["truth"]) + density
