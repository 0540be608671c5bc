"""Which pictures teach which network, and which are kept for evaluation only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
from scoring.phantoms.hand import HandPhantom, draw_hand

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


@dataclass(frozen=True)
class TrainingSets:
    """Hands on canvases and pictures that are no hands, none of them used for evaluation."""

    hands: tuple[LabelledHand, ...]
    others: Tensor

    def for_sites(self) -> SiteCanvas:
        """What the site network learns from."""
        affines = [canonical_affine(*palm(h.points), mirrored=False) for h in self.hands]
        return SiteCanvas(
            torch.stack([h.canvas for h in self.hands]),
            torch.tensor(np.array([h.points for h in self.hands]), dtype=torch.float32),
            torch.tensor(np.array([h.weights for h in self.hands]), dtype=torch.float32),
            torch.tensor(np.array(affines), dtype=torch.float32),
            torch.tensor([_SHARE[h.source] for h in self.hands]),
        )

    def for_overview(self) -> PalmCanvas:
        """What the overview network learns from: one phantom for every two real hands."""
        real = [h for h in self.hands if h.source != "phantom"]
        kept = real + [h for h in self.hands if h.source == "phantom"][: len(real) // 2]
        palms = [palm(h.points) for h in kept]
        return PalmCanvas(
            torch.stack([h.canvas for h in kept]),
            torch.tensor(np.array([p[0] for p in palms]), dtype=torch.float32),
            torch.tensor(np.array([p[1] for p in palms]), dtype=torch.float32),
        )


def split_boxed(data: Path) -> tuple[list[BoxedHand], list[BoxedHand]]:
    """Boxed hands for training and for evaluation; the 40 held out are drawn from all 240 names."""
    names = [path.stem for path in (data / BOXES).glob("*.xml")]
    kept = held_out(names)
    hands = read_boxed_hands(data / BOXES)
    return [h for h in hands if h.name not in kept], [h for h in hands if h.name in kept]


def training_sets(data: Path, seed: int) -> TrainingSets:
    """Read and draw everything that the two networks learn from."""
    hands = [boxed_hand(h, data / BONE_AGE) for h in split_boxed(data)[0]]
    hands += placed_hands(data / BONE_AGE, "training")
    hands += [phantom_hand(draw_hand(n, spacing_mm=PHANTOM_SPACING_MM)) for n in PHANTOM_SEEDS]
    return TrainingSets(tuple(hands), _others(data, seed))


def phantom_hand(phantom: HandPhantom) -> LabelledHand:
    """A drawn hand with its exact centres."""
    points = np.full((len(LANDMARKS), 2), np.nan)
    for site, centre in phantom.centres.items():
        points[INDEX[site]] = centre
    return labelled(f"phantom {phantom.seed}", "phantom", phantom.pixels, points)


def _others(data: Path, seed: int) -> Tensor:
    drawn: Sequence[Tensor] = [
        torch.from_numpy(counter_example(seed * 100_000 + n))[None] for n in range(DRAWN_COUNTER_EXAMPLES)
    ]
    files = [p for name in REFUSED_IN_TRAINING for p in sorted((data / MEDNIST / name).glob("*.jpeg"))]
    return torch.stack([*drawn, *(on_canvas(grey(path)) for path in files)])
