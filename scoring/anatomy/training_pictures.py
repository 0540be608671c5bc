"""What the anatomy networks learn from: pictures on one canvas size, with the landmarks that their source knows."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from scoring.anatomy.boxed_hands import BoxedHand
from scoring.anatomy.film_view import inverse, letterbox, moved, view
from scoring.anatomy.landmarks import INDEX, LANDMARKS, Points, of, palm
from scoring.errors import LabelError

CANVAS: Final = 192
"""Every source is letterboxed into a square of this many pixels: no class is known by its size."""

PLACED_BY_EYE: Final = Path(__file__).with_name("sites_placed_by_eye.csv")


@dataclass(frozen=True)
class LabelledHand:
    """One hand on its canvas, thumb to the viewer's right. ``points`` (28, 2) in canvas pixels, NaN where unknown;
    ``weights`` (28,) is how much each counts in training; ``to_film`` maps the canvas to the film, mirror undone."""

    name: str
    source: str
    canvas: Tensor
    points: Points
    weights: npt.NDArray[np.float64]
    to_film: npt.NDArray[np.float64]


def grey(path: Path) -> npt.NDArray[np.float32]:
    """A picture file as 0..1. LabelError when it is none."""
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("L"), np.float32) / np.float32(255)
    except (OSError, ValueError, SyntaxError) as error:  # Pillow's, of a file that is damaged
        raise LabelError(f"{path.name} cannot be read as a picture ({type(error).__name__}); fetch it anew.") from None


def on_canvas(pixels: npt.NDArray[np.float32]) -> Tensor:
    """A whole picture on the canvas, (1, 192, 192)."""
    return view(pixels, letterbox((pixels.shape[0], pixels.shape[1]), CANVAS), CANVAS, CANVAS)[0]


def labelled(
    name: str,
    source: str,
    pixels: npt.NDArray[np.float32],
    points: Points,
    weights: npt.NDArray[np.float64] | None = None,
) -> LabelledHand:
    """Bring a film and its points (28, 2) in film pixels to the canvas; a hand with its thumb left is mirrored."""
    to_film = letterbox((pixels.shape[0], pixels.shape[1]), CANVAS)
    canvas = on_canvas(pixels)
    if _thumb_left(points):
        canvas = canvas.flip(2)
        to_film = to_film @ np.array([[-1.0, 0.0, CANVAS - 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    known = np.isfinite(points).all(1)
    counted = np.asarray(known if weights is None else weights * known, np.float64)
    return LabelledHand(name, source, canvas, moved(inverse(to_film), points), counted, to_film)


def stretched(hand: BoxedHand, folder: Path) -> tuple[npt.NDArray[np.float32], Points]:
    """A boxed film, its 100 x 100 picture brought back to the aspect ratio of the original, and its box centres."""
    squeezed = torch.from_numpy(grey(folder / "images_100px" / f"{hand.name}.png"))[None, None]
    scale = 2 * max(squeezed.shape) / max(hand.width, hand.height)
    size = (max(1, round(hand.height * scale)), max(1, round(hand.width * scale)))
    wide = torch.nn.functional.interpolate(squeezed, size, mode="bicubic", align_corners=False).clamp(0, 1)
    ratio = np.array([size[1] / hand.width, size[0] / hand.height])
    return wide[0, 0].numpy(), (hand.points + 0.5) * ratio - 0.5


def boxed_hand(hand: BoxedHand, folder: Path) -> LabelledHand:
    """A boxed film on its canvas."""
    return labelled(hand.name, "boxes", *stretched(hand, folder))


def placed_points(split: str) -> dict[str, Points]:
    """Sites placed by eye, by film (columns image, split, site, x, y, placed_by): (28, 2) in film pixels, NaN for
    helpers. Where a young child's carpal bone is not yet of bone, the place is where it will be."""
    films: dict[str, Points] = {}
    with PLACED_BY_EYE.open(newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            if row["split"] == split:
                points = films.setdefault(row["image"], np.full((len(LANDMARKS), 2), np.nan))
                points[INDEX[row["site"]]] = float(row["x"]), float(row["y"])
    return films


def placed_hands(folder: Path, split: str) -> tuple[LabelledHand, ...]:
    """The full-size RSNA films whose sites were placed by eye."""
    return tuple(
        labelled(name, "placed by eye", grey(folder / "images_full" / f"{name}.png"), points)
        for name, points in sorted(placed_points(split).items())
    )


def _thumb_left(points: Points) -> bool:
    """True for a right hand on a PA view: seen with the fingers up, the radius lies left of the ulna."""
    _, up = palm(points)
    across = np.array([-up[1], up[0]])
    to_radius = [of(points, f"RADIUS{k}") - of(points, f"ULNA{k}") for k in ("", "_BOX")]
    return bool(np.nanmean(to_radius, axis=0) @ across < 0)
