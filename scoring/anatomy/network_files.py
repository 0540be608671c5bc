"""Anatomy weights on disk: safetensors, half precision for the filters, checked by SHA-256 before they are read."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from scoring.anatomy.hand_shape import HandShape
from scoring.anatomy.overview_network import OverviewNetwork
from scoring.anatomy.site_network import SiteNetwork
from scoring.errors import WeightsError
from scoring.weights import checked_bytes, read_weights_record

FOLDER: Final = Path(__file__).parent
RECORD: Final = "weights.toml"

_SHAPE: Final = ("mean", "ways", "spread", "rest")


def overview_file(network: OverviewNetwork) -> bytes:
    """The first network as a safetensors file."""
    return save(_compact(network))


def sites_file(network: SiteNetwork, shape: HandShape) -> bytes:
    """The second network and, beside its filters, the shape of a hand."""
    tensors = _compact(network)
    for key in _SHAPE:
        tensors[f"shape.{key}"] = torch.tensor(getattr(shape, key), dtype=torch.float32)
    return save(tensors)


def load_networks(folder: Path) -> tuple[OverviewNetwork, SiteNetwork, HandShape]:
    """Both networks for inference, in float32 on the CPU, and the shape; WeightsError when a file is not as listed."""
    record = read_weights_record(folder / RECORD)
    overview, sites = OverviewNetwork(), SiteNetwork()
    _fill(overview, load(checked_bytes(record.file("overview"))))
    tensors = load(checked_bytes(record.file("sites")))
    parts = [tensors.pop(f"shape.{key}").double().numpy() for key in _SHAPE]
    _fill(sites, tensors)
    return overview, sites, HandShape(*(np.asarray(p) for p in parts))


def _compact(network: nn.Module) -> dict[str, Tensor]:
    """Filters in half precision; running means and variances, which may be tiny, stay as they are."""
    return {
        key: value.half().contiguous() if value.ndim > 1 else value.contiguous()
        for key, value in network.state_dict().items()
        if not key.endswith("num_batches_tracked")
    }


def _fill(network: nn.Module, tensors: dict[str, Tensor]) -> None:
    try:
        found = network.load_state_dict({k: v.float() for k, v in tensors.items()}, strict=False)
    except RuntimeError as error:
        raise WeightsError(f"An anatomy weight file does not fit its network: {str(error).splitlines()[0]}") from None
    lacking = [key for key in found.missing_keys if not key.endswith("num_batches_tracked")]
    if lacking or found.unexpected_keys:
        raise WeightsError(
            f"An anatomy weight file does not fit its network: {len(lacking)} tensors are missing and "
            f"{len(found.unexpected_keys)} are unknown. Train it again with python -m scoring.anatomy.training."
        )
    network.eval()
