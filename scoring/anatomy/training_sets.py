"""Which pictures teach which network, and which are kept for evaluation only."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from scoring.anatomy.boxed_hands import BoxedHand, held_out, read_boxed_hands
from scoring.anatomy.counter_examples import counter_example
from scoring.anatomy.hand_shape import canonical_affine
from scoring.anatomy.landmarks import INDEX, LANDMARKS, palm
from scoring.anatomy.overview_training import PalmCanvas
from scoring.anatomy.site_training import SiteCanvas
from scoring.anatomy.training_pictures import LabelledHand, boxed_hand, grey, labelled, on_canvas, placed_hands
from scoring.phantoms.hand import draw_hand

BONE_AGE: Final = "rsna-bone-age"
BOXES: Final = "rsna-roi-boxes/train"
MEDNIST: Final = "mednist"

REFUSED_IN_TRAINING: Final = ("CXR", "HeadCT", "AbdomenCT")
"""MedNIST classes that the gate learns to refuse; ChestCT and BreastMRI, and every other folder, only test it."""

PHANTOM_SEEDS: Final = range(700_000, 700_300)
PHANTOM_SPACING_MM: Final = 0.6
DRAWN_COUNTER_EXAMPLES: Final = 500

_SHARE: Final = {"boxes": 1.0, "placed by eye": 5.0, "phantom": 0.35}
"""How often a hand of each source is drawn in training."""


def site_canvases(data: Path) -> SiteCanvas:
    """What the site network learns from."""
    hands = [*_real_hands(data), *(_phantom(seed) for seed in PHANTOM_SEEDS)]
    affines = [canonical_affine(*palm(h.points), mirrored=False) for h in hands]
    return SiteCanvas(
        torch.stack([h.canvas for h in hands]),
        torch.tensor(np.array([h.points for h in hands]), dtype=torch.float32),
        torch.tensor(np.array([h.weights for h in hands]), dtype=torch.float32),
        torch.tensor(np.array(affines), dtype=torch.float32),
        torch.tensor([_SHARE[h.source] for h in hands]),
    )


def palm_canvases(data: Path) -> PalmCanvas:
    """The hands that the overview network learns from: one phantom for every two real ones."""
    real = _real_hands(data)
    hands = [*real, *(_phantom(seed) for seed in PHANTOM_SEEDS[: len(real) // 2])]
    palms = [palm(h.points) for h in hands]
    return PalmCanvas(
        torch.stack([h.canvas for h in hands]),
        torch.tensor(np.array([p[0] for p in palms]), dtype=torch.float32),
        torch.tensor(np.array([p[1] for p in palms]), dtype=torch.float32),
    )


def other_canvases(data: Path, seed: int) -> Tensor:
    """Pictures that are no hands, (n, 1, 192, 192): drawn ones, and three classes of MedNIST."""
    drawn = [torch.from_numpy(counter_example(seed * 100_000 + n))[None] for n in range(DRAWN_COUNTER_EXAMPLES)]
    files = [p for name in REFUSED_IN_TRAINING for p in sorted((data / MEDNIST / name).glob("*.jpeg"))]
    return torch.stack([*drawn, *(on_canvas(grey(path)) for path in files)])


def split_boxed(data: Path) -> tuple[list[BoxedHand], list[BoxedHand]]:
    """Boxed hands for training and for evaluation; the 40 held out are drawn from those that have every box."""
    hands = read_boxed_hands(data / BOXES)
    kept = held_out(h.name for h in hands)
    return [h for h in hands if h.name not in kept], [h for h in hands if h.name in kept]


def _real_hands(data: Path) -> list[LabelledHand]:
    boxed = [boxed_hand(h, data / BONE_AGE) for h in split_boxed(data)[0]]
    return [*boxed, *placed_hands(data / BONE_AGE, "training")]


def _phantom(seed: int) -> LabelledHand:
    """A drawn hand with its exact centres."""
    phantom = draw_hand(seed, spacing_mm=PHANTOM_SPACING_MM)
    points = np.full((len(LANDMARKS), 2), np.nan)
    for site, centre in phantom.centres.items():
        points[INDEX[site]] = centre
    return labelled(f"phantom {phantom.seed}", "phantom", phantom.pixels, points)
