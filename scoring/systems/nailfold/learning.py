"""How the label network is learnt: parts on phantoms where the recipe says so, then labels, of each fold and of all.

The last course is taken once without each fold's patients and once with all. What is said of a fold comes from the
network that has not seen its patients: from that the thresholds are chosen, and the table of folds is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from scoring.learning.training_run import TrainingRun
from scoring.networks.timm_trunk import TimmTrunk
from scoring.score_rules.nailfold_labels import NailfoldLabel
from scoring.systems.nailfold.backbones import COLOURS, PART_NETWORK, TimmLabels, untrained
from scoring.systems.nailfold.label_shape import LabelShape
from scoring.systems.nailfold.network import LabelNetwork
from scoring.systems.nailfold.picture_book import PictureBook
from scoring.systems.nailfold.picture_material import PictureMaterial, label_loss, part_loss, positive_weights
from scoring.systems.nailfold.preprocessing import as_pictures
from scoring.systems.nailfold.start_licence import refuse_start
from scoring.systems.nailfold.thresholds import NO_THRESHOLDS, Probabilities, choose_thresholds
from scoring.systems.nailfold.training_recipe import TrainingRecipe

_WEIGHT_DECAY: Final = 0.02
_AT_ONCE: Final = 32

Folds = Mapping[str, npt.NDArray[np.bool_]]
"""By name: (n,), which pictures of a book each has."""


@dataclass(frozen=True)
class Learnt:
    """The network of all patients with its thresholds, and what each fold's network said of the fold, (n, 5)."""

    network: LabelNetwork
    folds: Folds
    out_of_fold: Probabilities


class Teacher:
    """Learns one recipe within one run's folder; what is done there is taken up, not done again."""

    def __init__(self, recipe: TrainingRecipe, run: TrainingRun, weights_folder: Path = Path()) -> None:
        """``weights_folder``: where a file to start from lies."""
        self._recipe, self._run, self._folder = recipe, run, weights_folder

    def begin(self) -> nn.Module:
        """The network as the recipe begins it; TrainingError when that cannot be had, or must not be used."""
        recipe = self._recipe
        refuse_start(recipe)
        torch.manual_seed(self._run.seed)
        if recipe.backbone == PART_NETWORK:
            return untrained(recipe.backbone, recipe.options)
        return TimmLabels(TimmTrunk.begun(recipe.backbone, recipe.start, self._folder, COLOURS, **recipe.options))

    def learn(self, begun: nn.Module, drawn: PictureBook | None, book: PictureBook, folds: Folds) -> Learnt:
        """``drawn``: pictures whose parts are known, for the recipe's first course; ``folds`` are of ``book``."""
        if drawn is not None:
            self._on_parts(begun, drawn)
        said = np.full(book.truth.shape, np.nan, np.float32)
        for name, held in folds.items():
            network = self._on_labels(begun, book.only(~held), name.replace(" ", "_"))
            said[held] = said_of(self._opened(network), book.only(held))
        thresholds = choose_thresholds(book.truth, said, self._recipe.floor_of_sensitivity)
        return Learnt(self._opened(self._on_labels(begun, book, "all"), thresholds), folds, said)

    def _on_parts(self, begun: nn.Module, drawn: PictureBook) -> None:
        if self._recipe.parts is not None:
            self._run.take(begun, PictureMaterial(drawn, with_parts=True), part_loss, self._recipe.parts, "parts")
        if self._recipe.shapes is not None:
            sharp = PictureMaterial(drawn.only(np.isfinite(drawn.truth[:, 0])), with_parts=True)
            self._run.take(begun, sharp, part_loss, self._recipe.shapes, "shapes")

    def _on_labels(self, begun: nn.Module, book: PictureBook, part: str) -> nn.Module:
        """A copy that has seen the labels of these pictures, as far as the recipe's scheme lets it."""
        network, recipe = deepcopy(begun), self._recipe
        weights = positive_weights(book.truth) if recipe.loss == "weighted" else None
        loss = label_loss(weights, recipe.focal_gamma if recipe.loss == "focal" else 0.0)
        self._run.take(network, PictureMaterial(book), loss, recipe.labels, part, self._groups(network))
        return network

    def _groups(self, network: nn.Module) -> list[dict[str, object]] | None:
        if not isinstance(network, TimmLabels):
            return None
        trunk = network.last_convolution.learn_only(self._recipe.scheme)
        head: dict[str, object] = {"params": list(network.head.parameters()), "weight_decay": _WEIGHT_DECAY}
        return [head, *trunk.parameter_groups(_WEIGHT_DECAY, self._recipe.layer_decay)]

    def _opened(self, network: nn.Module, thresholds: Mapping[NailfoldLabel, float] = NO_THRESHOLDS) -> LabelNetwork:
        recipe = self._recipe
        shape = LabelShape(recipe.backbone, recipe.options, recipe.rows, recipe.columns, thresholds, recipe.mirrored)
        return LabelNetwork(shape, network)


def said_of(network: LabelNetwork, book: PictureBook) -> Probabilities:
    """(n, 5) what a network says of the pictures of a book, which are of its size."""
    pages = [
        network.probabilities(as_pictures(book.views[first : first + _AT_ONCE]))
        for first in range(0, len(book), _AT_ONCE)
    ]
    return np.concatenate(pages)
