"""One course as a recipe declares it; each kind of recipe adds what its courses are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from scoring.errors import TrainingError
from scoring.learning.course import Course
from scoring.learning.recipe_table import recipe_section


@dataclass(frozen=True, slots=True)
class Phase:
    """Length and pace of a course; the seed is the run's."""

    epochs: int
    batch: int
    """Samples a step."""
    rate: float
    """Highest learning rate."""

    def course(self, seed: int, epochs: int | None = None) -> Course:
        """What the training loop is told; ``epochs`` in place of the recipe's. TrainingError as ``Course``."""
        return Course(epochs=epochs or self.epochs, batch=self.batch, rate=self.rate, seed=seed)


_Kind = TypeVar("_Kind", bound=Phase)


def read_phases(kind: type[_Kind], raw: dict[str, Any], names: Sequence[str], path: Path) -> dict[str, _Kind]:
    """Those of the tables ``names`` that there are, taken out of ``raw``.

    TrainingError names the file, the table, what was found and what is allowed.
    """
    phases = {name: recipe_section(kind, raw.pop(name), path, name) for name in names if name in raw}
    for name, phase in phases.items():
        try:
            phase.course(seed=0)
        except TrainingError as error:
            raise TrainingError(f"{path.name}, [{name}]: {error}") from None
    return phases
