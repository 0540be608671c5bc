"""What one course of training is told. Equal courses on equal material give equal weights on one kind of machine."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, inf, pi

from scoring.errors import TrainingError


@dataclass(frozen=True, slots=True)
class Course:
    """Length, pace and seed of one training; TrainingError when a value makes no sense."""

    epochs: int
    batch: int
    """Samples a step."""
    rate: float
    """Highest learning rate; parameter groups may scale it."""
    seed: int
    warm_up: float = 0.1
    """Share of all steps in which the rate rises, 0..1."""
    last: float = 0.01
    """Rate of the last step as a share of the highest."""
    weight_decay: float = 0.02
    clip_norm: float = 5.0
    """Longest gradient (2-norm over all parameters); longer ones are shortened to it."""
    patience: int | None = None
    """Epochs without a better measure after which training ends; None: never."""

    def __post_init__(self) -> None:
        sound = {
            "epochs": self.epochs >= 1,
            "batch": self.batch >= 1,
            "rate": 0 < self.rate < inf,
            "warm_up": 0 <= self.warm_up < 1,
            "last": 0 <= self.last <= 1,
            "weight_decay": self.weight_decay >= 0,
            "clip_norm": self.clip_norm > 0,
            "patience": self.patience is None or self.patience >= 1,
        }
        if wrong := [name for name, right in sound.items() if not right]:
            said = ", ".join(f"{name} = {getattr(self, name)}" for name in wrong)
            raise TrainingError(f"The recipe says {said}; allowed are positive numbers, warm_up and last up to 1.")

    def rate_at(self, step: int, steps: int) -> float:
        """The learning rate of a step, 0-based, of so many: a straight rise, then half a cosine down.

        A function of the step alone: a run that goes on after a kill has nothing to remember.
        """
        rising = self.warm_up * steps
        if step < rising:
            return self.rate * (step + 1) / (rising + 1)
        done = (step - rising) / max(1.0, steps - 1 - rising)
        return self.rate * (self.last + (1 - self.last) * (1 + cos(pi * min(1.0, done))) / 2)
