"""Train the anatomy networks: ``python -m scoring.anatomy.training --data DIR --out DIR --seed 7``.

DIR of ``--data`` holds ``rsna-bone-age``, ``rsna-roi-boxes`` and ``mednist``. The two networks learn side by side, one
thread each, so that the same seed gives the same weights on the same machine.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
from collections.abc import Callable
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Final

import numpy as np
import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from scoring.anatomy.film_view import contrast, inverse, moved, sampled
from scoring.anatomy.found_hand import CANONICAL_HEIGHT, CANONICAL_WIDTH
from scoring.anatomy.hand_shape import HandShape, learn_shape
from scoring.anatomy.landmarks import LANDMARKS
from scoring.anatomy.network_files import RECORD, save_overview, save_sites
from scoring.anatomy.overview_training import train_overview
from scoring.anatomy.site_network import SiteNetwork, peaks
from scoring.anatomy.site_training import SiteCanvas, train_sites
from scoring.anatomy.training_sets import other_canvases, palm_canvases, site_canvases
from scoring.score_rules.sharp_van_der_heijde import SITES

OVERVIEW: Final = "overview.safetensors"
SITE_NETWORK: Final = "sites.safetensors"
OVERVIEW_STEPS: Final = 600
SITE_STEPS: Final = 850

_COMMAND: Final = "python -m scoring.anatomy.training --data DIR --out DIR --seed {seed}"
_LICENCE: Final = "see LICENCE-WEIGHTS.txt: RSNA bone-age terms (non-commercial, cite), MedNIST CC BY-SA 4.0"
_RSNA: Final = "RSNA Pediatric Bone Age Challenge 2017 (Halabi SS et al., Radiology 2018;290:498-503)"
_BOXES: Final = "joint boxes (Koitka S et al., PLoS ONE 2018;13(11):e0207496)"
_PLACED: Final = "sites placed by eye by a software developer (sites_placed_by_eye.csv)"
_PHANTOMS: Final = "phantoms of scoring.phantoms.hand"
_MEDNIST: Final = "MedNIST (B. J. Erickson, Mayo Clinic; CC BY-SA 4.0)"


def main() -> None:
    """Parse the command line, train both networks, write the weights and their record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with rsna-bone-age, rsna-roi-boxes, mednist")
    parser.add_argument("--out", type=Path, required=True, help="where weights and weights.toml are written")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--shorter", type=float, default=1.0, help="divide the number of steps, for a trial")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    train(chosen.data, chosen.out, chosen.seed, chosen.shorter)


def train(data: Path, out: Path, seed: int, shorter: float = 1.0) -> None:
    """Train both networks from the seed and write them, with ``weights.toml``, into ``out``."""
    steps = {"overview": round(OVERVIEW_STEPS / shorter), "sites": round(SITE_STEPS / shorter)}
    context = multiprocessing.get_context("spawn")
    ticks: Queue[str | None] = context.Queue()
    workers = [
        context.Process(target=_learn, args=(name, data, out, seed, steps[name], ticks), name=name) for name in steps
    ]
    columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn()) as progress:
        bars = {name: progress.add_task(name, total=count) for name, count in steps.items()}
        for worker in workers:
            worker.start()
        running = len(workers)
        while running:
            name = ticks.get()
            if name is None:
                running -= 1
            else:
                progress.advance(bars[name])
    for worker in workers:
        worker.join()
        if worker.exitcode:
            raise SystemExit(f"Training of the {worker.name} network failed; its message stands above.")
    (out / RECORD).write_text(_record(out, seed), encoding="utf-8")


def _learn(name: str, data: Path, out: Path, seed: int, steps: int, ticks: Queue[str | None]) -> None:
    """One network in a process of its own."""
    try:
        torch.set_num_threads(1)
        torch.use_deterministic_algorithms(True, warn_only=True)
        tick: Callable[[], None] = lambda: ticks.put(name)  # noqa: E731 (one expression, handed on)
        if name == "overview":
            network = train_overview(palm_canvases(data), other_canvases(data, seed), steps, seed, tick)
            save_overview(network, out / OVERVIEW)
        else:
            hands = site_canvases(data)
            sites = train_sites(hands, steps, seed, tick)
            save_sites(sites, _shape(sites, hands), out / SITE_NETWORK)
    finally:
        ticks.put(None)


def _shape(network: SiteNetwork, hands: SiteCanvas) -> HandShape:
    """The shape of the training hands; sites without truth are taken where the trained network sees them."""
    wanted = [LANDMARKS.index(site) for site in SITES]
    known: list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]] = []
    with torch.no_grad():
        for at in range(len(hands.canvases)):
            affine = hands.affines[at].double().numpy()
            view = sampled(hands.canvases[at : at + 1], hands.affines[at : at + 1], CANONICAL_HEIGHT, CANONICAL_WIDTH)
            seen = peaks(network(contrast(view))).places[0].double().numpy()
            truth = moved(inverse(affine), hands.points[at].double().numpy())
            known.append(np.where(np.isfinite(truth), truth, seen)[wanted])
    return learn_shape(np.array(known))


def _record(out: Path, seed: int) -> str:
    """The text of weights.toml."""
    entries = (
        (
            "overview",
            OVERVIEW,
            "way up and gate: real hand films, phantoms, and other anatomy",
            (_RSNA, _BOXES, _PLACED, _PHANTOMS, _MEDNIST),
        ),
        (
            "sites",
            SITE_NETWORK,
            "side and joint centres: children's hand films and phantoms",
            (_RSNA, _BOXES, _PLACED, _PHANTOMS),
        ),
    )
    lines = [
        'statement = "Finding and orienting the hand was learnt on films of children without arthritis and on '
        'synthetic images; for research use only"',
    ]
    for role, file, learnt, data in entries:
        digest = hashlib.sha256((out / file).read_bytes()).hexdigest()
        sources = ", ".join(f'"{d}"' for d in data)
        lines += [
            "",
            "[[file]]",
            f'role = "{role}"',
            f'file = "{file}"',
            f'sha256 = "{digest}"',
            f'licence = "{_LICENCE}"',
            f'learnt_from = "{learnt}"',
            f"data = [{sources}]",
            f'command = "{_COMMAND.format(seed=seed)}"',
            "demonstration = true",
        ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
