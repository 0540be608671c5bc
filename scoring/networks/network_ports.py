"""What goes into a network and comes out of it, in the words of a MONAI bundle's ``network_data_format``. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["image", "probabilities", "integer", "score"]


@dataclass(frozen=True, slots=True)
class Port:
    """One tensor, without its first dimension, along which pictures are stacked."""

    name: str
    kind: Kind
    shape: tuple[int, ...]
    dtype: Literal["float32", "int64"]
    lowest: float
    highest: float
    meaning: tuple[str, ...]
    """Of each channel, or of the whole where there is one text."""

    def as_monai(self) -> dict[str, Any]:
        """The entry of metadata.json."""
        return {
            "type": "image" if self.kind == "image" else "tuple",
            "format": self.kind,
            "num_channels": self.shape[0] if self.shape else 1,
            "spatial_shape": list(self.shape[1:]),
            "dtype": self.dtype,
            "value_range": [self.lowest, self.highest],
            "is_patch_data": False,
            "channel_def": {str(number): text for number, text in enumerate(self.meaning)},
        }


@dataclass(frozen=True, slots=True)
class PortsOfNetwork:
    """A network by the role of its weights, with its ports in the order of its arguments and answers."""

    role: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
