"""Batches in their order, made ahead by other processes so that the network never waits for its pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import wait
from threading import Thread
from typing import Protocol

import numpy as np
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from scoring.learning.course import Course
from scoring.learning.showing_order import Order, chance_of

Batch = dict[str, Tensor]


class Material(Protocol):
    """What is learnt from. Must be picklable where other processes make the batches."""

    def order(self, chance: np.random.Generator) -> Order:
        """Which samples an epoch shows, in order."""
        ...

    def batch(self, chosen: Order, chance: np.random.Generator) -> Batch:
        """These samples, augmented by ``chance`` alone: the same chance makes the same batch, in whatever process."""
        ...


@dataclass(frozen=True, slots=True)
class PlannedBatch:
    """One batch: the ``number``-th of so many in its epoch, 0-based."""

    epoch: int
    number: int
    of: int
    chosen: Order

    @property
    def step(self) -> int:
        """Its place in the whole course; every epoch is of one length."""
        return self.epoch * self.of + self.number


def plan(material: Material, course: Course, epoch: int, number: int) -> list[PlannedBatch]:
    """All batches from one on. A last one of an epoch that would be small is left out, but never the only one."""
    planned = []
    for each in range(epoch, course.epochs):
        order = material.order(chance_of(course.seed, each))
        of = max(1, len(order) // course.batch)
        chosen = (order[n * course.batch : (n + 1) * course.batch] for n in range(of))
        planned += [PlannedBatch(each, n, of, one) for n, one in enumerate(chosen) if (each, n) >= (epoch, number)]
    return planned


class _Batches(Dataset[Batch]):
    def __init__(self, material: Material, planned: Sequence[PlannedBatch], seed: int) -> None:
        self._material, self._planned, self._seed = material, planned, seed

    def __len__(self) -> int:
        return len(self._planned)

    def __getitem__(self, place: int) -> Batch:
        planned = self._planned[place]
        return self._material.batch(planned.chosen, chance_of(self._seed, planned.epoch, planned.number))


def stream(
    material: Material, planned: Sequence[PlannedBatch], seed: int, loaders: int, pinned: bool
) -> Iterator[Batch]:
    """The planned batches in order; ``loaders`` processes make them ahead, 0: made here when asked for.

    ``pinned``: in memory from which a GPU fetches by itself.
    """
    yield from DataLoader(
        _Batches(material, planned, seed),
        batch_size=None,
        num_workers=loaders,
        prefetch_factor=4 if loaders else None,
        pin_memory=pinned,
        multiprocessing_context="forkserver" if loaders else None,
        worker_init_fn=_end_with_the_training if loaders else None,
    )


def _end_with_the_training(number: int) -> None:
    """Let a process that makes batches end when the training is killed.

    torch looks whether its parent lives, which here is the server that forked it, and which lives as long as it does.
    """
    training = parent_process()
    if training is not None:
        Thread(target=_end_after, args=(training.sentinel,), daemon=True).start()


def _end_after(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
