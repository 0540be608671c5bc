"""Crops as the training loop takes them, from several sources at once, and what it costs to be wrong about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Generator, Tensor, nn

from scoring.errors import TrainingError
from scoring.learning.batch_stream import Batch
from scoring.learning.showing_order import Order, balanced
from scoring.networks.ordinal_head import ordinal_loss
from scoring.score_rules.sharp_van_der_heijde import ITEMS
from scoring.systems.hand_joints.augmentation import augmented
from scoring.systems.hand_joints.crop_book import CropBook
from scoring.systems.hand_joints.network import GradeLogits


@dataclass(frozen=True)
class Source:
    """One part of what is learnt from, and how often it is shown: 2 means each crop twice an epoch."""

    book: CropBook
    times: int = 1


class CropMaterial:
    """Every crop that has a grade. ``evenness`` 0: as they come; 1: each highest grade of a crop equally often."""

    def __init__(self, sources: Sequence[Source], evenness: float = 0.0) -> None:
        """TrainingError when no site of any hand has a grade."""
        self._books = [source.book for source in sources]
        self._places = _places(sources)
        self._evenness = evenness
        worst = [self._books[book].grades[hand, site].max() for book, hand, site in self._places]
        self._classes = np.rint(worst).astype(int).tolist()

    def order(self, chance: np.random.Generator) -> Order:
        """All crops, each as often as its source wants, grades evened out."""
        return balanced(self._classes, chance, self._evenness)

    def batch(self, chosen: Order, chance: np.random.Generator) -> Batch:
        """``crops`` (n, 1, CROP, CROP), ``sites`` (n,) and ``grades`` (n, 2), NOT_GRADED where there is none."""
        places = self._places[chosen]
        windows = np.stack([self._books[book].windows[hand, site] for book, hand, site in places])
        grades = np.stack([self._books[book].grades[hand, site] for book, hand, site in places])
        drawn = Generator().manual_seed(int(chance.integers(1 << 62)))
        return {
            "crops": augmented(torch.from_numpy(windows.astype(np.float32)), drawn),
            "sites": torch.from_numpy(places[:, 2]),
            "grades": torch.from_numpy(grades),
        }


def _places(sources: Sequence[Source]) -> npt.NDArray[np.int64]:
    """(n, 3): source, hand and site of every crop of an epoch."""
    places = [np.empty((0, 3), np.int64)]
    for number, source in enumerate(sources):
        hands, sites = np.nonzero((source.book.grades >= 0).any(2))
        places += [np.stack([np.full_like(hands, number), hands, sites], 1)] * source.times
    found = np.concatenate(places)
    if not len(found):
        raise TrainingError("No site of any hand has a grade: there is nothing to learn from. Look at the readings.")
    return found


def grade_loss(network: nn.Module, batch: Batch) -> Tensor:
    """Ordinal loss of both items; what nobody graded costs nothing."""
    logits: GradeLogits = network(batch["crops"], batch["sites"])
    each = (logits.erosion, logits.narrowing)
    return torch.stack([ordinal_loss(each[n], batch["grades"][:, n]) for n in range(len(ITEMS))]).sum()
