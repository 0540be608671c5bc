"""Where a course of training stands, in one safetensors file: tensors, and the rest as JSON in its header.

No pickle: a checkpoint from elsewhere can be wrong, it can do nothing. Written beside the old one, brought to disk,
and then given its name: there is always one that is whole.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from scoring.errors import TrainingError
from scoring.whole_file import replace_whole

State = dict[str, Tensor]
_NETWORK: Final = "network"
_BEST: Final = "best"
_OPTIMISER: Final = "optimiser"


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """One line of the log. ``measure`` None: nothing was measured."""

    epoch: int
    loss: float
    rate: float
    measure: float | None
    seconds: float
    samples_per_second: float


@dataclass
class Standing:
    """How far a course is; ``batch`` of ``epoch`` is the next to be shown, both 0-based."""

    epoch: int = 0
    batch: int = 0
    loss_sum: float = 0.0
    """Of the batches shown in this epoch."""
    seconds: float = 0.0
    """Spent in this epoch."""
    history: list[EpochRecord] = field(default_factory=list)
    best: State | None = None
    """The weights with the best measure so far."""

    @property
    def best_epoch(self) -> int | None:
        """The epoch, 0-based, whose weights measured best; the first of equals."""
        measured = [(-record.measure, record.epoch) for record in self.history if record.measure is not None]
        return min(measured)[1] if measured else None


def write_checkpoint(path: Path, standing: Standing, network: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    """Replace the checkpoint. TrainingError when the disk does not take it; the one before then still stands."""
    tensors = _named(_NETWORK, network.state_dict())
    tensors |= _named(_BEST, standing.best or {})
    for number, state in optimiser.state_dict()["state"].items():
        tensors |= _named(f"{_OPTIMISER}.{number}", state)
    told = {
        "epoch": standing.epoch,
        "batch": standing.batch,
        "loss_sum": standing.loss_sum,
        "seconds": standing.seconds,
        "history": [asdict(record) for record in standing.history],
    }
    write_whole(path, save(tensors, {"standing": json.dumps(told)}))


def read_checkpoint(path: Path, network: nn.Module, optimiser: torch.optim.Optimizer) -> Standing:
    """Fill network and optimiser and say where the course stands.

    TrainingError when the file is damaged or belongs to another network.
    """
    try:
        with safe_open(path, "pt") as file:
            told: dict[str, Any] = json.loads(file.metadata()["standing"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is no mapping
        network.load_state_dict(_of(_NETWORK, tensors), strict=True)
        states: dict[int, State] = {}
        for name, tensor in _of(_OPTIMISER, tensors).items():
            number, _, key = name.partition(".")
            states.setdefault(int(number), {})[key] = tensor
        optimiser.load_state_dict({"state": states, "param_groups": optimiser.state_dict()["param_groups"]})
        history = [EpochRecord(**record) for record in told.pop("history")]
        return Standing(**told, history=history, best=_of(_BEST, tensors) or None)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise TrainingError(
            f"The checkpoint {path.name} cannot be gone on from ({type(error).__name__}): it is damaged or of another "
            "network. Remove it to begin this part anew, or train into another folder."
        ) from None


def write_whole(path: Path, content: bytes) -> None:
    """A file that is there whole, on disk, or as it was before. TrainingError when the disk does not take it."""
    try:
        replace_whole(path, content)
    except OSError as error:
        raise TrainingError(
            f"{path.name} could not be written ({error.strerror}). Make room, then give the same command again: it "
            "goes on from the last checkpoint."
        ) from None


def _named(group: str, state: State) -> State:
    return {f"{group}.{name}": tensor.detach().contiguous() for name, tensor in state.items()}


def _of(group: str, tensors: State) -> State:
    return {name.removeprefix(f"{group}."): t for name, t in tensors.items() if name.startswith(f"{group}.")}
