"""The one loop by which every recipe learns. It may be killed at any moment; begun again it ends with equal weights.

All chance comes from the seed and the place (epoch, batch), never from what was drawn before; the rate follows from
the step. So a checkpoint holds weights, the optimiser's moments and a position, and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from time import monotonic
from typing import Final

import torch
from torch import Tensor, nn

from scoring.errors import TrainingError
from scoring.learning.batch_stream import Batch, Material, PlannedBatch, plan, stream
from scoring.learning.checkpoint import EpochRecord, Standing, State, read_checkpoint, write_checkpoint
from scoring.learning.compute_device import ComputeDevice, choose_device
from scoring.learning.course import Course
from scoring.learning.progress import Progress, silent
from scoring.learning.run_folder import RunPart
from scoring.learning.showing_order import chance_of

Loss = Callable[[nn.Module, Batch], Tensor]
"""A number to be made small, from the network and a batch on its device."""
Measure = Callable[[nn.Module], float]
"""How good the network is on what it does not learn from; higher is better."""

_LOOK_STEPS: Final = 20
"""On a GPU the loss is looked at so often: each look waits for it."""
_SCALE: Final = "rate_scale"


def fit(
    network: nn.Module,
    material: Material,
    loss: Loss,
    course: Course,
    part: RunPart,
    *,
    measure: Measure | None = None,
    groups: list[dict[str, object]] | None = None,
    device: ComputeDevice | None = None,
    loaders: int = 0,
    checkpoint_seconds: float = 60.0,
    progress: Progress = silent,
) -> nn.Module:
    """Train ``network`` in place and return it in evaluation mode, on the processor.

    With ``measure`` it ends with the weights of its best epoch, and early where the course has patience. ``groups``
    are AdamW's parameter groups (``rate_scale``, ``weight_decay``); None: all parameters alike. ``loaders``: processes
    that make batches ahead. A checkpoint is written at each epoch's end, and within one when the last is so old.
    A part that is done is loaded.

    Raises TrainingError: a loss that is no number, a full disk, a checkpoint of something else.
    """
    if part.restore(network):
        return network.eval()
    training = _Training(network, material, loss, course, part, measure, groups, device or choose_device())
    part.finish(training.run(loaders, checkpoint_seconds, progress))
    return network.to("cpu").eval()


class _Training:
    """One course from where its checkpoint stands."""

    def __init__(
        self,
        network: nn.Module,
        material: Material,
        loss: Loss,
        course: Course,
        part: RunPart,
        measure: Measure | None,
        groups: list[dict[str, object]] | None,
        device: ComputeDevice,
    ) -> None:
        self._network, self._material, self._loss, self._course = network, material, loss, course
        self._part, self._measure, self._device = part, measure, device
        device.place(network)
        learnt: list[dict[str, object]] = groups or [{"params": list(network.parameters())}]
        self._optimiser = torch.optim.AdamW(
            learnt, lr=course.rate, weight_decay=course.weight_decay, fused=device.kind == "cuda"
        )
        self._parameters = [one for group in self._optimiser.param_groups for one in group["params"]]
        self._standing = Standing()
        if part.checkpoint.exists():
            self._standing = read_checkpoint(part.checkpoint, network, self._optimiser)
        self._saved_at = monotonic()

    def run(self, loaders: int, checkpoint_seconds: float, progress: Progress) -> State:
        """Everything that is left of the course; the weights to keep."""
        standing, seed, on_gpu = self._standing, self._course.seed, self._device.kind == "cuda"
        planned = plan(self._material, self._course, standing.epoch, standing.batch)
        batches = stream(self._material, planned, seed, loaders, pinned=on_gpu)
        losses: list[Tensor] = []
        self._network.train()
        looked_at = monotonic()
        # an ended course has no batches left; one that ran out of patience has
        for at, batch in zip(planned, () if self._out_of_patience() else batches, strict=False):
            losses.append(self._step(batch, at))
            standing.batch, ends = at.number + 1, at.number + 1 == at.of
            if len(losses) == self._look_steps or ends:
                standing.loss_sum += self._sum(losses)
                losses.clear()
                looked_at, before = monotonic(), looked_at
                standing.seconds += looked_at - before
                if ends:
                    self._end_epoch(at)
                elif looked_at - self._saved_at >= checkpoint_seconds:
                    self._save()
            progress(f"{self._part.name}, step", at.step + 1, at.of * self._course.epochs)
            if ends and self._out_of_patience():
                break
        if standing.best is not None:
            self._network.load_state_dict(standing.best)
        return self._network.state_dict()

    def _step(self, batch: Batch, at: PlannedBatch) -> Tensor:
        rate = self._course.rate_at(at.step, at.of * self._course.epochs)
        for group in self._optimiser.param_groups:
            group["lr"] = rate * group.get(_SCALE, 1.0)
        torch.manual_seed(int(chance_of(self._course.seed, at.epoch, at.number, 1).integers(1 << 62)))  # dropout
        self._optimiser.zero_grad(set_to_none=True)
        with self._device.autocast():
            loss = self._loss(self._network, self._device.take(batch))
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self._parameters, self._course.clip_norm)
        self._optimiser.step()
        # a gradient that is no number spoils the weights one step before the loss shows it: they must not be saved
        return torch.where(norm.isfinite(), loss.detach(), math.nan)

    def _sum(self, losses: list[Tensor]) -> float:
        total = float(torch.stack(losses).double().sum())
        if not math.isfinite(total):
            standing = self._standing
            raise TrainingError(
                f"{self._part.name}: the loss is no number in epoch {standing.epoch + 1}, near batch {standing.batch}. "
                f"Lower the learning rate (it is {self._course.rate:g}), and look for readings or images with values "
                "that are none; the last checkpoint is from before it."
            )
        return total

    def _end_epoch(self, at: PlannedBatch) -> None:
        standing, course = self._standing, self._course
        standing.history.append(
            EpochRecord(
                epoch=at.epoch,
                loss=standing.loss_sum / at.of,
                rate=course.rate_at(at.step, at.of * course.epochs),
                measure=self._measured(),
                seconds=standing.seconds,
                samples_per_second=at.of * len(at.chosen) / max(standing.seconds, 1e-9),
            )
        )
        if standing.best_epoch == at.epoch:
            standing.best = {name: tensor.detach().clone() for name, tensor in self._network.state_dict().items()}
        standing.epoch, standing.batch, standing.loss_sum, standing.seconds = at.epoch + 1, 0, 0.0, 0.0
        self._save()
        self._part.run.write_log(self._part.name, standing.history)

    def _measured(self) -> float | None:
        """None where nothing is measured, or the measure has no value."""
        if self._measure is None:
            return None
        self._network.eval()
        with torch.inference_mode():
            measure = float(self._measure(self._network))
        self._network.train()
        return measure if math.isfinite(measure) else None

    def _out_of_patience(self) -> bool:
        best, patience = self._standing.best_epoch, self._course.patience
        return patience is not None and best is not None and self._standing.epoch - best > patience

    def _save(self) -> None:
        write_checkpoint(self._part.checkpoint, self._standing, self._network, self._optimiser)
        self._saved_at = monotonic()

    @property
    def _look_steps(self) -> int:
        return _LOOK_STEPS if self._device.kind == "cuda" else 1
