"""A training of the hand finder that a test can kill: few films, hardly any phantoms, a handful of steps."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import numpy as np
from PIL import Image

from scoring.anatomy import training, training_sets
from scoring.anatomy.boxed_hands import HELD_OUT
from scoring.anatomy.training_pictures import placed_points

BOXES = {
    "DIP": [(70, 90), (100, 60), (130, 50), (160, 65)],
    "PIP": [(80, 120), (105, 95), (130, 85), (155, 100), (215, 160)],
    "MCP": [(90, 160), (110, 150), (130, 145), (150, 150), (190, 190)],
    "Radius": [(140, 260)],
    "Ulna": [(110, 265)],
    "Wrist": [(130, 230)],
}
"""Of a left hand on a film of 300 x 300 pixels."""
FILM = (800, 1100)
"""Columns and rows; sites that were placed by eye may lie beyond it, for noise teaches nothing anyway."""
SEED, SHORTER = 7, 20.0


def write_boxes(path: Path, boxes: dict[str, list[tuple[int, int]]], mirrored: bool = False) -> None:
    """A Pascal-VOC file."""
    objects = "".join(
        f"<object><name>{kind}</name><bndbox><xmin>{x - 4}</xmin><ymin>{y - 4}</ymin><xmax>{x + 5}</xmax>"
        f"<ymax>{y + 5}</ymax></bndbox></object>"
        for kind, places in boxes.items()
        for x, y in ((299 - x if mirrored else x, y) for x, y in places)
    )
    size = "<size><width>300</width><height>300</height></size>"
    path.write_text(f"<annotation>{size}{objects}</annotation>", encoding="utf-8")


def small_data(folder: Path) -> Path:
    """The folders that the training asks for: noise instead of films, and four boxed hands more than are held out."""
    chance = np.random.default_rng(3)

    def film(path: Path, size: tuple[int, int]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        blocks = Image.fromarray(chance.integers(0, 255, (16, 16), dtype=np.uint8))
        blocks.resize(size, Image.Resampling.NEAREST).save(path)

    (folder / training_sets.BOXES).mkdir(parents=True)
    for name in range(HELD_OUT + 4):
        write_boxes(folder / training_sets.BOXES / f"{name}.xml", BOXES)
        film(folder / training_sets.BONE_AGE / "images_100px" / f"{name}.png", (100, 100))
    for placed in placed_points("training"):
        film(folder / training_sets.BONE_AGE / "images_full" / f"{placed}.png", FILM)
    for kind in training_sets.REFUSED_IN_TRAINING:
        for number in range(2):
            film(folder / training_sets.MEDNIST / kind / f"{number}.jpeg", (64, 64))
    return folder


def train(data: Path, run: Path, seed: int = SEED) -> None:
    """A few epochs of each network, batches made in this process."""
    with (
        patch.multiple(training_sets, PHANTOM_SEEDS=range(700_000, 700_004), DRAWN_COUNTER_EXAMPLES=6),
        patch.object(training, "_LOADERS", 0),
    ):
        training.train(data, run, seed, SHORTER)
