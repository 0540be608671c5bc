"""One run of a system's recipe: its folder, its seed, who listens, and the courses that are taken within it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from torch import nn

from scoring.learning.batch_stream import Material
from scoring.learning.phase import Phase
from scoring.learning.progress import Progress, progress_on_stderr, silent
from scoring.learning.run_folder import RunFolder
from scoring.learning.training_loop import Loss, fit
from scoring.networks.torch_start import start_torch

_LOADERS: Final = 1
"""One process makes batches ahead of the network; small networks keep no second one busy."""


@dataclass(frozen=True)
class TrainingRun:
    """What all courses of a run have in common.

    ``epochs``: in place of the recipe's in every course; ``loaders``: processes that make batches ahead of the network.
    """

    folder: RunFolder
    seed: int
    epochs: int | None = None
    loaders: int = 0
    progress: Progress = silent

    def take(
        self,
        network: nn.Module,
        material: Material,
        loss: Loss,
        phase: Phase,
        part: str,
        groups: list[dict[str, object]] | None = None,
    ) -> nn.Module:
        """One course, as the part of that name; a part that is done is loaded. ``groups``, TrainingError as ``fit``."""
        return fit(
            network, material, loss, phase.course(self.seed, self.epochs), self.folder.part(part),
            groups=groups, loaders=self.loaders, progress=self.progress,
        )  # fmt: skip


@contextmanager
def training_run(system: str, out: Path, seed: int, epochs: int | None, **identity: object) -> Iterator[TrainingRun]:
    """A run in the folder ``out``, begun or gone on with, whose progress is shown on stderr.

    ``identity``: what beside system, seed and epochs must be equal for it to go on. TrainingError as ``RunFolder``.
    """
    start_torch()
    whole = {"system": system, **identity, "seed": seed, "epochs": epochs}
    with progress_on_stderr() as progress, RunFolder(out, whole) as folder:
        yield TrainingRun(folder, seed, epochs, _LOADERS, progress)
