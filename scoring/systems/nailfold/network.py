"""The label network with its weights loaded: pictures in, probabilities of the five labels out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from scoring.networks.torch_start import load_weights
from scoring.score_rules.nailfold_labels import NailfoldLabel
from scoring.systems.nailfold.backbones import as_labels, pack_for_serving, untrained
from scoring.systems.nailfold.label_shape import LABELS_ROLE, LabelShape, read_label_shape
from scoring.systems.nailfold.preprocessing import Photograph, as_pictures, nailfold_view
from scoring.weights import WeightsRecord, checked_bytes

NETWORK_ROLE: Final = "label_network"
_AT_ONCE: Final = 16
"""Pictures judged in one go: those of a visit."""


class LabelNetwork:
    """Pictures of ``shape.rows`` by ``shape.columns``; ``module`` from them to logits (``LabelModule``)."""

    def __init__(self, shape: LabelShape, module: nn.Module) -> None:
        self.shape: Final = shape
        # one layout for a network that has just learnt and for one that was read: they must answer alike
        module.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
        self.module: Final = module

    @classmethod
    def open(cls, record: WeightsRecord) -> Self:
        """From listed files; WeightsError when one is missing, changed, or belongs to another network."""
        shape = read_label_shape(checked_bytes(record.file(LABELS_ROLE)))
        module = untrained(shape.backbone, shape.options)
        load_weights(module, record.file(NETWORK_ROLE))
        return cls(shape, module)

    def packed(self) -> Self:
        """For a node, which only asks: faster, and no longer to be exported."""
        pack_for_serving(self.module)
        return self

    @property
    def thresholds(self) -> Mapping[NailfoldLabel, float]:
        """Probability from which on each label is said to be present."""
        return self.shape.thresholds

    def picture(self, photograph: Photograph) -> npt.NDArray[np.float32]:
        """(3, rows, columns) of 0..1: a photograph (rows, columns, 3) of any size as this network takes it."""
        return np.asarray(as_pictures(nailfold_view(photograph, self.shape.rows, self.shape.columns)[None])[0])

    def probabilities(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(n, 3, rows, columns) of ``picture`` -> (n, 5), 0..1, in the order of ``NAILFOLD_LABELS``.

        Features are told of every picture; of one that is too blurry they mean nothing.
        """
        given = torch.from_numpy(np.ascontiguousarray(pictures, np.float32))
        with torch.inference_mode():
            pages = [given[first : first + _AT_ONCE] for first in range(0, len(given), _AT_ONCE)]
            said = [logits_of(self.module, page, self.shape.mirrored) for page in pages]
        return np.asarray(torch.cat(said).double().sigmoid().float().numpy())


def logits_of(module: nn.Module, pictures: Tensor, mirrored: bool) -> Tensor:
    """(n, 5): what a ``LabelModule`` says of pictures, or the mean of that and what it says of their mirror images."""
    logits = as_labels(module)(pictures.contiguous(memory_format=torch.channels_last))
    return with_mirrored(module, logits, pictures) if mirrored else logits


def with_mirrored(module: nn.Module, logits: Tensor, pictures: Tensor) -> Tensor:
    """The mean of what was said of pictures and what a ``LabelModule`` says of their mirror images."""
    return (logits + as_labels(module)(pictures.flip(3).contiguous(memory_format=torch.channels_last))) / 2
