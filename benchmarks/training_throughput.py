"""Does learning cost more than the network itself, and do its pictures come fast enough?

    python -m benchmarks.training_throughput [--backbone mobilenetv2_050] [--pixels 256] [--steps 40] [--pictures 240]

First part: the training loop of this project beside a bare loop of timm and torch, on one device in one run, with the
same network, optimiser, number format and pictures, in turns. Wall time decides; on a machine that does other things
too, the processor's own time is the steadier of the two.

Second part: PNG radiographs of 512 x 512 from the disk are decoded, brought into the pose of scoring, augmented and
normalised, by so many processes as training would use.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from scoring.anatomy.film_view import Affine
from scoring.anatomy.hand_finder import HandFinder
from scoring.learning.batch_stream import Batch, plan, stream
from scoring.learning.compute_device import ComputeDevice, choose_device
from scoring.learning.course import Course
from scoring.learning.labelled_images import read_film
from scoring.learning.run_folder import RunFolder
from scoring.learning.showing_order import Order, shuffled
from scoring.learning.training_loop import fit
from scoring.networks.torch_start import mend_torchvision, start_torch
from scoring.phantoms.hand import draw_hand
from scoring.pixel_decoding import PixelDecoder
from scoring.score_rules.sharp_van_der_heijde import ITEMS, SITES
from scoring.systems.svdh_hands.augmentation import augmented
from scoring.systems.svdh_hands.hand_book import HandBook
from scoring.systems.svdh_hands.preprocessing import hand_view, margin_of

_FILM: Final = 512
_BATCH: Final = 16
_WANTED_RATIO: Final = 0.9
_WANTED_PICTURES: Final = 60.0


def main() -> None:
    """Measure both and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default="mobilenetv2_050", help="timm's name")
    parser.add_argument("--pixels", type=int, default=256)
    parser.add_argument("--steps", type=int, default=40, help="of each turn")
    parser.add_argument("--pictures", type=int, default=240)
    parser.add_argument("--processes", type=int, default=2, help="that make batches")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="of an operation; 1 on a busy machine")
    parser.add_argument("--turns", type=int, default=5)
    asked = parser.parse_args()
    start_torch(asked.threads)
    device = choose_device()
    print(f"{platform.machine()}, {os.cpu_count()} cores, {asked.threads} threads, torch {torch.__version__}, {device}")
    with tempfile.TemporaryDirectory() as scratch:
        compare_loops(asked, device, Path(scratch))
        measure_pipeline(asked.pictures, asked.processes, Path(scratch))


@dataclass(frozen=True)
class Spent:
    """Seconds on the wall clock, and of the processor in this process."""

    wall: float
    processor: float


def compare_loops(asked: argparse.Namespace, device: ComputeDevice, folder: Path) -> None:
    """Both loops in turns; medians and their ratio."""
    backbone, pixels, steps, turns = asked.backbone, asked.pixels, asked.steps, asked.turns
    material, course = Drawn(pixels, steps), Course(epochs=1, batch=_BATCH, rate=1e-3, seed=1)
    loops: dict[str, Callable[[int], None]] = {
        "bare": lambda turn: bare_loop(network_of(backbone), material, course, device),
        "ours": lambda turn: our_loop(network_of(backbone), material, course, device, folder / f"run{turn}"),
    }
    spent: dict[str, list[Spent]] = {name: [] for name in loops}
    for turn in range(turns + 1):
        for name, loop in loops.items():
            found = spent_in(lambda loop=loop, turn=turn: loop(turn), device)  # type: ignore[misc]
            if turn:  # the first warms up
                spent[name].append(found)
    print(f"{backbone} at {pixels} pixels, {turns} turns of {steps} steps of {_BATCH} pictures, medians")
    for clock in ("wall", "processor"):
        bare, ours = (median(getattr(one, clock) for one in spent[name]) for name in ("bare", "ours"))
        rates = f"bare {steps * _BATCH / bare:7.1f}, ours {steps * _BATCH / ours:7.1f} pictures a second of it"
        print(f"  {clock:9} {rates}; ours is {bare / ours:.3f} of bare (wanted {_WANTED_RATIO})")


def network_of(backbone: str) -> nn.Module:
    """The same weights each time."""
    mend_torchvision()  # timm loads it
    import timm

    torch.manual_seed(1)
    return timm.create_model(backbone, pretrained=False, in_chans=1, num_classes=1)


class Drawn:
    """Pictures that cost nothing to come by, so that only the loop is measured."""

    def __init__(self, pixels: int, batches: int) -> None:
        self._batches = batches
        self._views = torch.randn(_BATCH, 1, pixels, pixels, generator=torch.Generator().manual_seed(1))

    def order(self, chance: np.random.Generator) -> Order:
        return shuffled(self._batches * _BATCH, chance)

    def batch(self, chosen: Order, chance: np.random.Generator) -> Batch:
        return {"views": self._views, "total": torch.zeros(_BATCH)}


def loss_of(network: nn.Module, batch: Batch) -> Tensor:
    """What both loops make small."""
    return functional.smooth_l1_loss(network(batch["views"])[:, 0], batch["total"])


def our_loop(network: nn.Module, material: Drawn, course: Course, device: ComputeDevice, folder: Path) -> None:
    """Everything that ``fit`` does: schedule, clipping, checkpoint, log."""
    with RunFolder(folder, {"what": "throughput"}) as run:
        fit(network, material, loss_of, course, run.part("all"), device=device)


def bare_loop(network: nn.Module, material: Drawn, course: Course, device: ComputeDevice) -> None:
    """What anybody would write: no schedule, no clipping, nothing saved."""
    device.place(network)
    network.train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=course.rate, fused=device.kind == "cuda")
    chance = np.random.default_rng(1)
    for planned in plan(material, course, 0, 0):
        batch = device.take(material.batch(planned.chosen, chance))
        optimiser.zero_grad(set_to_none=True)
        with device.autocast():
            loss = loss_of(network, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()


def spent_in(work: Callable[[], None], device: ComputeDevice) -> Spent:
    """Seconds until all of it is done, on a GPU too."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    if device.kind == "cuda":
        torch.cuda.synchronize()
    return Spent(time.perf_counter() - wall, time.process_time() - processor)


@dataclass(frozen=True)
class Films:
    """Radiographs on the disk, with the place of the hand on each as a finder would tell it once."""

    paths: tuple[Path, ...]
    to_film: tuple[Affine, ...]

    def order(self, chance: np.random.Generator) -> Order:
        return shuffled(len(self.paths), chance)

    def batch(self, chosen: Order, chance: np.random.Generator) -> Batch:
        """Decoded, posed, augmented, normalised."""
        margin = margin_of(_FILM)
        with PixelDecoder() as decoder:  # starts no process for pictures
            views = [hand_view(read_film(self.paths[n], decoder), self.to_film[n], _FILM, margin) for n in chosen]
        count = len(views)
        unknown = np.full((count, len(SITES), len(ITEMS)), np.nan, np.float32)
        book = HandBook(np.stack(views), np.zeros(count, np.float32), unknown, unknown[..., 0], ("",) * count)
        return {"views": augmented(book, np.arange(count), _FILM, chance)[0]}


def measure_pipeline(pictures: int, processes: int, folder: Path) -> None:
    """Batches as the training loop gets them, counted after the processes have begun."""
    films = drawn_films(folder)
    course = Course(epochs=max(2, pictures // len(films.paths)), batch=_BATCH, rate=1.0, seed=1)
    alone = films.batch(np.arange(_BATCH), np.random.default_rng(1))["views"]  # warms up
    wall, processor = time.perf_counter(), time.process_time()
    for turn in range(4):
        films.batch(np.arange(_BATCH), np.random.default_rng(turn))
    used = (time.process_time() - processor) / (4 * _BATCH)
    print(f"{_FILM} x {_FILM} PNG radiographs, decoded, posed, augmented to {tuple(alone.shape[2:])}")
    print(f"  one process, all its threads: {4 * _BATCH / (time.perf_counter() - wall):.1f} a second on the wall clock")
    print(
        f"  {1000 * used:.1f} ms of the processor a picture: {processes / used:.0f} a second on {processes} free cores"
    )
    batches = stream(films, plan(films, course, 0, 0), course.seed, processes, pinned=False)
    seen, began = 0, 0.0
    for number, batch in enumerate(batches):
        if number == processes:  # each has begun
            seen, began = 0, time.perf_counter()
        seen += len(batch["views"])
    rate = (seen - _BATCH) / (time.perf_counter() - began)
    print(f"  {processes} processes: {rate:.1f} pictures a second (wanted {_WANTED_PICTURES:.0f})")


def drawn_films(folder: Path, number: int = 48) -> Films:
    """Phantoms as radiographs of 512 x 512 pixels, and where their hand lies."""
    finder, paths, places = HandFinder.open(), [], []
    for seed in range(number):
        hand = draw_hand(seed, spacing_mm=0.6)
        film = np.zeros((_FILM, _FILM), np.float32)
        rows, columns = (min(_FILM, edge) for edge in hand.pixels.shape)
        film[:rows, :columns] = hand.pixels[:rows, :columns]
        paths.append(folder / f"{seed}.png")
        Image.fromarray(np.rint(film * 255).astype(np.uint8)).save(paths[-1])
        places.append(finder.frame_of(np.array([hand.centres[site] for site in SITES]), hand.side))
    return Films(tuple(paths), tuple(places))


if __name__ == "__main__":
    main()
