"""Which pictures teach which network, and which are kept for evaluation only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from scoring.anatomy.boxed_hands import BoxedHand, held_out, read_boxed_hands
from scoring.anatomy.counter_examples import counter_example
from scoring.anatomy.hand_shape import canonical_affine
from scoring.anatomy.landmarks import INDEX, LANDMARKS, palm
from scoring.anatomy.overview_material import PalmMaterial
from scoring.anatomy.site_material import SiteMaterial
from scoring.anatomy.training_pictures import (
    LabelledHand,
    boxed_hand,
    grey,
    labelled,
    on_canvas,
    placed_hands,
    placed_points,
)
from scoring.errors import LabelError
from scoring.learning.progress import Progress, silent
from scoring.learning.split import Split
from scoring.phantoms.hand import draw_hand

BONE_AGE: Final = "rsna-bone-age"
BOXES: Final = "rsna-roi-boxes/train"
MEDNIST: Final = "mednist"

REFUSED_IN_TRAINING: Final = ("CXR", "HeadCT", "AbdomenCT")
"""MedNIST classes that the gate learns to refuse; ChestCT and BreastMRI, and every other folder, only test it."""

PHANTOM_SEEDS: Final = range(700_000, 700_300)
PHANTOM_SPACING_MM: Final = 0.6
DRAWN_COUNTER_EXAMPLES: Final = 500

_PHANTOM: Final = "phantom"
_SHARE: Final = {"boxes": 1.0, "placed by eye": 5.0, _PHANTOM: 0.35}
"""How often a hand of each source is shown in training."""
_WANTED: Final = f"{BONE_AGE} (images_100px, images_full), {BOXES}, {MEDNIST} ({', '.join(REFUSED_IN_TRAINING)})"


def training_hands(data: Path, progress: Progress = silent) -> list[LabelledHand]:
    """The hands that both networks learn from: boxed films, films placed by eye, then phantoms."""
    boxed = [boxed_hand(hand, data / BONE_AGE) for hand in split_boxed(data)[0]]
    hands = [*boxed, *placed_hands(data / BONE_AGE, "training")]
    for number, seed in enumerate(PHANTOM_SEEDS, 1):
        hands.append(_phantom(seed))
        progress("phantom hands drawn", number, len(PHANTOM_SEEDS))
    return hands


def site_material(hands: Sequence[LabelledHand]) -> SiteMaterial:
    """What the site network learns from."""
    return SiteMaterial(
        _canvases(hand.canvas for hand in hands),
        np.array([hand.points for hand in hands], np.float32),
        np.array([hand.weights for hand in hands], np.float32),
        np.array([canonical_affine(*palm(hand.points), mirrored=False) for hand in hands], np.float32),
        np.array([_SHARE[hand.source] for hand in hands]),
    )


def palm_material(hands: Sequence[LabelledHand], others: Sequence[Tensor]) -> PalmMaterial:
    """What the overview network learns from: one phantom for every two real hands, and what is no hand."""
    real = [hand for hand in hands if hand.source != _PHANTOM]
    phantoms = [hand for hand in hands if hand.source == _PHANTOM]
    shown = [*real, *phantoms[: len(real) // 2]]
    centres, ups = zip(*(palm(hand.points) for hand in shown), strict=True)
    return PalmMaterial(
        _canvases(hand.canvas for hand in shown),
        np.array(centres, np.float32),
        np.array(ups, np.float32),
        _canvases(others),
    )


def other_canvases(data: Path, seed: int) -> list[Tensor]:
    """Pictures that are no hands, each (1, 192, 192): drawn ones, and three classes of MedNIST."""
    drawn = [torch.from_numpy(counter_example(seed * 100_000 + n))[None] for n in range(DRAWN_COUNTER_EXAMPLES)]
    return [*drawn, *(on_canvas(grey(path)) for path in _refused(data))]


def learnt_from(data: Path, seed: int) -> Split:
    """Which films teach and which are held out for evaluation, with the SHA-256 of every file that teaches.

    LabelError when the folder lacks a data set.
    """
    boxed, kept = split_boxed(data)
    placed, judged = (placed_points(part) for part in ("training", "evaluation"))
    films = [data / BONE_AGE / "images_100px" / f"{hand.name}.png" for hand in boxed]
    films += [data / BONE_AGE / "images_full" / f"{name}.png" for name in placed]
    others = _refused(data)
    for what, found in (("joint boxes", boxed), ("pictures of other anatomy", others)):
        if not found:
            raise LabelError(f"The folder {data.name} of --data holds no {what}; wanted: {_WANTED}.")
    digest = hashlib.sha256()
    for path in (*sorted((data / BOXES).glob("*.xml")), *films, *others):
        try:
            digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
        except OSError:
            missing = path.relative_to(data)
            raise LabelError(f"The folder {data.name} of --data lacks {missing}; wanted: {_WANTED}.") from None
    parts = {
        "training": tuple(sorted({*placed, *(hand.name for hand in boxed)})),
        "held_out": tuple(sorted({*judged, *(hand.name for hand in kept)})),
    }
    return Split(parts, seed, "subject", (), digest.hexdigest())


def split_boxed(data: Path) -> tuple[list[BoxedHand], list[BoxedHand]]:
    """Boxed hands for training and for evaluation; the 40 held out are drawn from those that have every box."""
    hands = read_boxed_hands(data / BOXES)
    kept = held_out(h.name for h in hands)
    return [h for h in hands if h.name not in kept], [h for h in hands if h.name in kept]


def _refused(data: Path) -> list[Path]:
    return [path for name in REFUSED_IN_TRAINING for path in sorted((data / MEDNIST / name).glob("*.jpeg"))]


def _canvases(canvases: Iterable[Tensor]) -> npt.NDArray[np.float16]:
    """(n, 1, 192, 192) in half precision: films have 256 grey levels."""
    return np.stack([canvas.numpy().astype(np.float16) for canvas in canvases])


def _phantom(seed: int) -> LabelledHand:
    """A drawn hand with its exact centres."""
    phantom = draw_hand(seed, spacing_mm=PHANTOM_SPACING_MM)
    points = np.full((len(LANDMARKS), 2), np.nan)
    for site, centre in phantom.centres.items():
        points[INDEX[site]] = centre
    return labelled(f"phantom {phantom.seed}", _PHANTOM, phantom.pixels, points)
