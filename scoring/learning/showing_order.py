"""In which order samples are shown: each once, or each class as often as the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from scoring.errors import TrainingError

Order = npt.NDArray[np.int64]
"""(n,) indices of samples, first shown first."""


def chance_of(seed: int, *place: int) -> np.random.Generator:
    """The random numbers of one place in a training (epoch, batch …): whoever comes there again draws the same."""
    # without its length a place that ends in 0 would be the shorter one
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([len(place), seed, *place])))


def shuffled(count: int, chance: np.random.Generator) -> Order:
    """Every sample once."""
    return chance.permutation(count).astype(np.int64)


def balanced(classes: Sequence[int], chance: np.random.Generator, evenness: float = 1.0) -> Order:
    """As many as there are samples, drawn so that every class comes equally often (``evenness`` 1) or as it is (0).

    Within a class each sample comes before any comes again, so that small classes are not left to luck.
    """
    of_class = np.asarray(classes)
    if not len(of_class):
        raise TrainingError("There is no sample to show: the readings left nothing to learn from.")
    names, counts = np.unique(of_class, return_counts=True)
    share = counts.astype(float) ** (1 - evenness)
    wanted = _whole_numbers(share / share.sum() * len(of_class))
    drawn = [_in_turn(np.flatnonzero(of_class == name), int(n), chance) for name, n in zip(names, wanted, strict=True)]
    return chance.permutation(np.concatenate(drawn)).astype(np.int64)


def _whole_numbers(shares: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Rounded so that the sum stays: the largest remainders are rounded up."""
    down = np.floor(shares).astype(np.int64)
    missing = round(float(shares.sum())) - int(down.sum())
    down[np.argsort(-(shares - down), kind="stable")[:missing]] += 1
    return down


def _in_turn(members: Order, wanted: int, chance: np.random.Generator) -> Order:
    rounds = -(-wanted // len(members))
    return np.concatenate([chance.permutation(members) for _ in range(rounds)] or [members[:0]])[:wanted]
