"""What a training runs on, and in which number format it multiplies there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class ComputeDevice:
    """A torch device and whether it multiplies bfloat16 by itself; emulated, that would be slower than float32."""

    kind: Literal["cpu", "cuda"]
    bfloat16: bool

    def autocast(self) -> torch.autocast:
        """Mixed precision where the device has it: bfloat16 needs no scaling of the loss."""
        return torch.autocast(self.kind, torch.bfloat16, enabled=self.bfloat16)

    def place(self, network: nn.Module) -> None:
        """Bring a network to the device, its convolutions laid out with channels last."""
        network.to(self.kind, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it

    def take(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """A batch on the device; pictures (four dimensions) with channels last, as the network wants them."""
        return {
            name: value.to(
                self.kind,
                non_blocking=True,
                memory_format=torch.channels_last if value.ndim == 4 else torch.preserve_format,
            )
            for name, value in batch.items()
        }


def choose_device() -> ComputeDevice:
    """CUDA where there is one, else the processor."""
    if torch.cuda.is_available():
        return ComputeDevice("cuda", torch.cuda.is_bf16_supported())
    return ComputeDevice("cpu", bool(torch.cpu._is_avx512_bf16_supported()))
