"""A small training that a test can kill."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from scoring.learning.batch_stream import Batch
from scoring.learning.compute_device import ComputeDevice
from scoring.learning.course import Course
from scoring.learning.losses import regression_loss
from scoring.learning.run_folder import RunFolder
from scoring.learning.showing_order import Order, chance_of, shuffled
from scoring.learning.training_loop import fit
from scoring.networks.torch_start import start_torch

COURSE = Course(epochs=6, batch=8, rate=0.01, seed=5, patience=5)
PROCESSOR = ComputeDevice("cpu", bfloat16=False)


class Blobs:
    """Pictures with a bright square; how bright is to be told."""

    def __init__(self, count: int = 64, start: int = 0) -> None:
        self.brightness = np.linspace(0, 1, count).astype(np.float32)
        self.start = start

    def order(self, chance: np.random.Generator) -> Order:
        return shuffled(len(self.brightness), chance)

    def batch(self, chosen: Order, chance: np.random.Generator) -> Batch:
        pictures = chance.normal(0, 0.1, (len(chosen), 1, 16, 16)).astype(np.float32)
        pictures[:, :, 4:12, 4:12] += self.brightness[chosen][:, None, None, None]
        return {"picture": torch.from_numpy(pictures), "truth": torch.from_numpy(self.brightness[chosen])}


def small_network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(),
        nn.Dropout(0.2), nn.Linear(32, 1),
    )  # fmt: skip


def loss(network: nn.Module, batch: Batch) -> Tensor:
    return regression_loss(network(batch["picture"])[:, 0], batch["truth"], 0.1)


@torch.no_grad()
def closeness(network: nn.Module) -> float:
    unseen = Blobs(32).batch(np.arange(32), chance_of(99))
    return -float((network(unseen["picture"])[:, 0] - unseen["truth"]).abs().mean())


def train(folder: Path, loaders: int = 0) -> nn.Module:
    start_torch()
    with RunFolder(folder, {"what": "blobs"}) as run:
        return fit(
            small_network(), Blobs(), loss, COURSE, run.part("blobs"),
            measure=closeness, device=PROCESSOR, loaders=loaders, checkpoint_seconds=0.0,
        )  # fmt: skip
