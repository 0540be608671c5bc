"""Five labels by one network or by five: pictures a second, memory and time to load. Trains nothing.

    python -m benchmarks.nailfold_unified [--backbone convnextv2_tiny] [--pixels 224] [--pictures 200] [--threads 2]
        [--write FILE]

The abstract that the nailfold system follows (Maldonado G et al., Arthritis Rheumatol 2025;77(suppl 9), 1954) replaced
five binary networks by one and claims the gain; here it is measured, of the published architecture, with weights by
chance, read from safetensors files as a node reads them. Each arm runs in a process of its own: peak memory is the
process's. Every picture is judged alone, as pictures arrive. ``--write``: the file that the model card quotes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from scoring.networks.timm_trunk import TimmTrunk
from scoring.networks.torch_start import load_weights, start_torch
from scoring.score_rules.nailfold_labels import NAILFOLD_LABELS
from scoring.systems.nailfold.backbones import COLOURS, TimmLabels, pack_for_serving
from scoring.weights import WeightRecord

_ARMS: Final = {"unified": (len(NAILFOLD_LABELS),), "separate": (1,) * len(NAILFOLD_LABELS)}
"""Outputs of each network of an arm."""


def main() -> None:
    """Measure both arms in turns, print, and write what the card quotes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default="convnextv2_tiny", help="timm's name")
    parser.add_argument("--pixels", type=int, default=224)
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--arm", choices=_ARMS, help=argparse.SUPPRESS)
    parser.add_argument("--weights", type=Path, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.arm:
        sys.stdout.write(json.dumps(_measure(told)))
        return
    with tempfile.TemporaryDirectory() as folder:
        _write_weights(told.backbone, Path(folder))
        found: dict[str, Any] = {arm: _in_a_process(arm, Path(folder), sys.argv[1:]) for arm in _ARMS}
    found["measured_on"] = (
        f"{told.backbone} with weights by chance, {told.pixels} x {told.pixels} pixels, float32, {told.pictures} "
        f"pictures one by one on {told.threads} threads of a {os.cpu_count()}-core {platform.machine()} machine, torch "
        f"{torch.__version__}"
    )
    if told.write:
        told.write.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


def _network(backbone: str, outputs: int) -> nn.Module:
    network = TimmLabels(TimmTrunk.untrained(backbone, COLOURS))
    network.head[1] = nn.Linear(network.last_convolution.features, outputs)
    return network.eval()


def _write_weights(backbone: str, folder: Path) -> None:
    start_torch()
    for arm, networks in _ARMS.items():
        for number, outputs in enumerate(networks):
            torch.manual_seed(number)
            save_file(_network(backbone, outputs).state_dict(), folder / f"{arm}-{number}.safetensors")


def _in_a_process(arm: str, weights: Path, arguments: list[str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.nailfold_unified", *arguments, "--arm", arm, "--weights", str(weights)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def _measure(told: argparse.Namespace) -> dict[str, Any]:
    start_torch(told.threads)
    files = [told.weights / f"{told.arm}-{number}.safetensors" for number in range(len(_ARMS[told.arm]))]
    begun = time.perf_counter()
    networks = [_opened(told.backbone, outputs, file) for outputs, file in zip(_ARMS[told.arm], files, strict=True)]
    loaded = time.perf_counter() - begun
    chance = np.random.default_rng(1)
    pictures = torch.from_numpy(chance.random((told.pictures, COLOURS, told.pixels, told.pixels), np.float32))
    seconds = []
    with torch.inference_mode():
        for picture in [pictures[0], *pictures]:
            begun = time.perf_counter()
            for network in networks:
                network(picture[None].contiguous(memory_format=torch.channels_last))
            seconds.append(time.perf_counter() - begun)
    fastest, each, slowest = (float(np.percentile(seconds[1:], share)) for share in (5, 50, 95))
    return {
        "images_per_second": round(1 / each, 2),
        "milliseconds_an_image": round(1000 * each, 1),
        "milliseconds_of_the_fastest_and_slowest_twentieth": [round(1000 * fastest, 1), round(1000 * slowest, 1)],
        "peak_mebibytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 0),
        "load_seconds": round(loaded, 3),
        "weights_mebibytes": round(sum(file.stat().st_size for file in files) / 2**20, 1),
    }


def _opened(backbone: str, outputs: int, file: Path) -> nn.Module:
    """As a node opens weights: their bytes are hashed first, and what is only asked is packed."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    network = _network(backbone, outputs)
    load_weights(network, WeightRecord("network", file, digest, "none", "nothing", (), "benchmark", True))
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
    pack_for_serving(network)
    return network


if __name__ == "__main__":
    main()
