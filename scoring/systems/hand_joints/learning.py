"""The training loop of the grader: windows in, a network out. Reproducible from its seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Generator, Tensor

from scoring.errors import TrainingError
from scoring.learning.progress import Progress, silent
from scoring.networks.ordinal_head import ordinal_loss
from scoring.score_rules.sharp_van_der_heijde import SITES
from scoring.systems.hand_joints.augmentation import augmented
from scoring.systems.hand_joints.crop_book import CropBook
from scoring.systems.hand_joints.network import JointGrader

_BATCH: Final = 352
"""Sixteen hands' worth of sites."""


@dataclass(frozen=True)
class Source:
    """One part of what is learnt from, and how often it is shown: 2 means each crop twice an epoch."""

    book: CropBook
    times: int = 1


def learn(sources: list[Source], epochs: int, seed: int, progress: Progress = silent) -> JointGrader:
    """Train a grader from scratch: AdamW, one cycle of the learning rate, ordinal loss of both items.

    TrainingError when no site has a grade, or the loss is no number.
    """
    torch.manual_seed(seed)
    chance = Generator().manual_seed(seed)
    network = JointGrader()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
    network.train()
    rows = _rows(sources)
    batches = max(1, len(rows) // _BATCH)
    steps = epochs * batches
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.02)
    pace = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=4e-3, total_steps=steps, pct_start=0.2)
    done = 0
    for epoch in range(epochs):
        order = torch.randperm(len(rows), generator=chance)
        for number in range(batches):
            loss = _loss(network, sources, rows[order[number * _BATCH : (number + 1) * _BATCH]], chance)
            if not loss.isfinite():
                raise TrainingError(
                    f"The loss is no number in epoch {epoch + 1}, batch {number + 1} of {batches}; nothing was kept. "
                    "Look for images with values that are none."
                )
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            pace.step()
            done += 1
            progress("learning grades, step", done, steps)
    network.eval()
    return network


def _rows(sources: list[Source]) -> Tensor:
    """(n, 3): source, hand and site of every crop shown in an epoch; sites without any grade are left out."""
    rows: list[Tensor] = []
    for number, source in enumerate(sources):
        hands, sites = np.nonzero((source.book.grades >= 0).any(2))
        one = torch.from_numpy(np.stack([np.full_like(hands, number), hands, sites], 1))
        rows.extend([one] * source.times)
    if not rows or not sum(map(len, rows)):
        raise TrainingError("No site of any hand has a grade: there is nothing to learn from. Look at the readings.")
    return torch.cat(rows)


def _loss(network: JointGrader, sources: list[Source], batch: Tensor, chance: Generator) -> Tensor:
    windows = np.stack([sources[s].book.windows[h, p] for s, h, p in batch.tolist()]).astype(np.float32)
    grades = torch.from_numpy(np.stack([sources[s].book.grades[h, p] for s, h, p in batch.tolist()]).astype(np.float32))
    crops = augmented(torch.from_numpy(windows), chance).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16, enabled=_has_bf16()):
        logits = network(crops, batch[:, 2])
    return ordinal_loss(logits.erosion, grades[:, 0]) + ordinal_loss(logits.narrowing, grades[:, 1])


def _has_bf16() -> bool:
    """Whether this processor multiplies bfloat16 by itself; emulated, it would be slower than float32."""
    return bool(torch.cpu._is_avx512_bf16_supported())


def all_sites(hands: int) -> Tensor:
    """(hands * 22,) site indices, hand after hand."""
    return torch.arange(len(SITES)).repeat(hands)
