"""What the view gate learns from and is chosen on: nailfold phantoms, and pictures of anything else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from scoring.capillaroscopy.other_pictures import draw_other_picture
from scoring.capillaroscopy.other_skin import draw_other_skin
from scoring.capillaroscopy.view_gate import as_views
from scoring.capillaroscopy.view_network import SIDE, square_view
from scoring.errors import LabelError
from scoring.learning.batch_stream import Batch
from scoring.learning.progress import Progress, silent
from scoring.learning.showing_order import Order, balanced
from scoring.phantoms.nailfold.nailfold import draw_nailfold
from scoring.phantoms.nailfold.patient import draw_patient
from scoring.score_rules.nailfold_labels import FINGERS

KEPT_SIDE: Final = 192
"""Squares are kept larger than they are shown, so that each showing may be another part."""
_COLUMNS: Final = 256
Squares = npt.NDArray[np.uint8]
"""(n, 192, 192, 3)."""


@dataclass(frozen=True)
class ViewBook:
    """``squares`` with ``nailfold`` (n,): 1 or 0."""

    squares: Squares
    nailfold: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.squares)


def drawn_book(first_seed: int, pictures: int, progress: Progress = silent) -> ViewBook:
    """So many nailfolds, a patient each, blurred ones among them, and as many drawn pictures of something else."""
    squares = np.empty((2 * pictures, KEPT_SIDE, KEPT_SIDE, 3), np.uint8)
    for number in range(pictures):
        seed = first_seed + number
        finger = FINGERS[seed % len(FINGERS)]
        phantom = draw_nailfold(draw_patient(seed), "L" if seed % 2 else "R", finger, columns=_COLUMNS)
        other = draw_other_picture if number % 3 == 0 else draw_other_skin
        squares[number] = square_view(phantom.pixels, KEPT_SIDE)
        squares[pictures + number] = square_view(other(seed, _COLUMNS), KEPT_SIDE)
        progress("pictures drawn", number + 1, pictures)
    return ViewBook(squares, np.repeat(np.array((1, 0), np.float32), pictures))


def real_book(folder: Path, *, nailfold: bool, squares: int) -> ViewBook:
    """At least so many squares of the real pictures below a folder, each as often; LabelError when there is none."""
    once = [square_view(pixels, KEPT_SIDE) for pixels in pictures_below(folder)]
    if not once:
        raise LabelError(f"No JPEG or PNG lies below {folder.name}; wanted pictures to learn from.")
    often = once * -(-squares // len(once))
    return ViewBook(np.stack(often), np.full(len(often), nailfold, np.float32))


def together(books: Sequence[ViewBook]) -> ViewBook:
    """One book of several."""
    return ViewBook(np.concatenate([b.squares for b in books]), np.concatenate([b.nailfold for b in books]))


@dataclass(frozen=True)
class ViewMaterial:
    """Nailfolds and others equally often: turned, mirrored, nearer or further, in any light, with any grain."""

    book: ViewBook

    def order(self, chance: np.random.Generator) -> Order:
        """As many as there are, the two kinds in turn."""
        return balanced(self.book.nailfold.astype(int).tolist(), chance)

    def batch(self, chosen: Order, chance: np.random.Generator) -> Batch:
        """``views`` (n, 3, 144, 144) and ``nailfold`` (n,)."""
        moved = _moved(as_views(self.book.squares[chosen]), chance)
        return {
            "views": _lit(moved, chance).clamp(0, 1),
            "nailfold": torch.from_numpy(self.book.nailfold[chosen]),
        }


def _moved(squares: Tensor, chance: np.random.Generator) -> Tensor:
    """Quarter turns and up to 20 degrees, mirrored, 70 to 100 % of the square, anywhere in it."""
    count = len(squares)
    turn = chance.integers(4, size=count) * (np.pi / 2) + chance.uniform(-0.35, 0.35, count)
    scale = chance.uniform(0.7, 1.0, count)
    flip = 1 - 2 * chance.integers(2, size=count)
    shift = chance.uniform(-1, 1, (count, 2)) * (1 - scale)[:, None]
    cos, sin = np.cos(turn) * scale, np.sin(turn) * scale
    theta = np.stack((np.stack((cos * flip, -sin, shift[:, 0]), 1), np.stack((sin * flip, cos, shift[:, 1]), 1)), 1)
    grid = functional.affine_grid(torch.from_numpy(theta.astype(np.float32)), [count, 3, SIDE, SIDE], False)
    return functional.grid_sample(squares, grid, "bilinear", "reflection", align_corners=False)


def _lit(views: Tensor, chance: np.random.Generator) -> Tensor:
    """Gain of all and of each channel, gamma, contrast, now and then pale, softened or grained."""
    count = len(views)
    gain = np.exp(chance.normal(0, 0.22, (count, 1)) + chance.normal(0, 0.14, (count, 3)))
    gamma = np.exp(chance.normal(0, 0.22, (count, 1)))
    grey = 0.6 * chance.uniform(0, 1, (count, 1)) ** 4
    luma = views.mean(1, keepdim=True)
    faded = views + (luma - views) * _as_planes(grey)
    toned = (faded.clamp(1e-4, 1) ** _as_planes(gamma)) * _as_planes(gain)
    softened = functional.avg_pool2d(toned, 3, 1, 1)
    share = _as_planes(chance.uniform(0, 1, (count, 1)) * chance.integers(2, size=(count, 1)))
    grain = torch.from_numpy(chance.standard_normal(toned.shape, np.float32))
    return toned + (softened - toned) * share + grain * _as_planes(0.03 * chance.uniform(0, 1, (count, 1)) ** 2)


def _as_planes(values: npt.NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))[:, :, None, None]


def pictures_below(folder: Path) -> Iterator[Squares]:
    """Every JPEG and PNG below a folder, in red, green and blue."""
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png")):
        with Image.open(path) as picture:
            yield np.asarray(picture.convert("RGB"))
