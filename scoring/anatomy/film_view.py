"""Views of a film: reduced without aliasing, sampled along an affine, and brought to one contrast.

An affine here is (2, 3) and maps pixels of the view, (x, y, 1), to pixels of the picture: pixel centres, 0-based.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

Affine = npt.NDArray[np.float64]


def reduced(pixels: npt.NDArray[np.float32], longest: int) -> tuple[npt.NDArray[np.float32], int]:
    """Mean of blocks, so that the longer edge is not under ``longest`` pixels; the picture and its block size."""
    block = max(1, max(pixels.shape) // longest)
    if block == 1:
        return pixels, 1
    rows, columns = (max(1, n // block) for n in pixels.shape)
    kept = pixels[: rows * block, : columns * block]
    if kept.shape != (rows * block, columns * block):  # an edge narrower than one block
        return pixels, 1
    across = np.add.reduceat(kept, np.arange(0, columns * block, block), axis=1)
    means = np.add.reduce(across.reshape(rows, block, -1), 1) / np.float32(block * block)
    return np.asarray(means, np.float32), block


def compose(outer: Affine, inner: Affine) -> Affine:
    """The affine that does ``inner`` first, then ``outer``."""
    return np.asarray(outer @ np.vstack([inner, [0.0, 0.0, 1.0]]))


def inverse(affine: Affine) -> Affine:
    """The affine that undoes this one."""
    linear = np.linalg.inv(affine[:, :2])
    return np.column_stack([linear, -linear @ affine[:, 2]])


def moved(affine: Affine, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Points (..., 2) through an affine."""
    return points @ affine[:, :2].T + affine[:, 2]


def block_affine(block: int) -> Affine:
    """From a picture reduced by ``block`` to the full one."""
    shift = (block - 1) / 2
    return np.array([[block, 0.0, shift], [0.0, block, shift]])


def letterbox(shape: tuple[int, int], size: int, share: float = 1.0) -> Affine:
    """The square view of ``size`` pixels with a whole picture (rows, columns) in its middle, on ``share`` of it."""
    rows, columns = shape
    scale = max(rows, columns) / (size * share)
    middle = (size - 1) / 2
    return np.array([[scale, 0.0, (columns - 1) / 2 - scale * middle], [0.0, scale, (rows - 1) / 2 - scale * middle]])


def sampled(picture: Tensor, affines: Tensor, height: int, width: int, bend: Tensor | None = None) -> Tensor:
    """Views (n, 1, height, width) of pictures (n, 1, rows, columns) along affines (n, 2, 3); zero outside.

    ``bend`` (n, height, width, 2) is added to the picture coordinates.
    """
    rows, columns = picture.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    grid = torch.stack([x, y, torch.ones_like(x)], -1).to(torch.float32)
    source = torch.einsum("hwk,nck->nhwc", grid, affines.to(torch.float32))
    if bend is not None:
        source = source + bend
    half = torch.tensor([max(columns - 1, 1), max(rows - 1, 1)], dtype=torch.float32) / 2
    return functional.grid_sample(picture, source / half - 1, mode="bilinear", align_corners=True)


def rim_level(pictures: Tensor) -> Tensor:
    """The median of each picture's four edges, (n, 1, 1, 1)."""
    edges = [pictures[..., 0, :], pictures[..., -1, :], pictures[..., :, 0], pictures[..., :, -1]]
    return torch.cat([e.flatten(1) for e in edges], 1).median(1).values.view(-1, 1, 1, 1)


def view(pixels: npt.NDArray[np.float32], affine: Affine, height: int, width: int) -> Tensor:
    """One view (1, 1, height, width) of a film of any size, averaged before it is made smaller.

    Outside the film lies the median of the film's rim, so that its edge is no false contour.
    """
    scale = float(np.sqrt(abs(np.linalg.det(affine[:, :2]))))
    small, block = reduced(pixels, max(1, round(max(pixels.shape) / max(1.0, scale))))
    to_small = compose(inverse(block_affine(block)), affine)
    picture = torch.from_numpy(np.ascontiguousarray(small))[None, None]
    rim = rim_level(picture)
    return sampled(picture - rim, torch.from_numpy(to_small)[None], height, width) + rim


def contrast(views: Tensor, window: int = 21) -> Tensor:
    """What the networks see: (n, 2, h, w), the view in units of its own spread, and its local contrast.

    The second channel is what remains of a film that is nearly black or nearly white, or has a bright frame.
    """
    mean = views.mean((2, 3), keepdim=True)
    spread = views.std((2, 3), keepdim=True) + 1e-4
    level = (views - mean) / spread
    near, power = _local_mean(torch.cat([level, level * level], 1), window).chunk(2, 1)
    local = (level - near) / ((power - near * near).clamp_min(0).sqrt() + 0.08)
    return torch.cat([level.clamp(-3, 3), local.clamp(-3, 3)], 1)


def _local_mean(views: Tensor, window: int) -> Tensor:
    """The mean over a square window, one direction after the other: forty times fewer additions."""
    rows = functional.avg_pool2d(views, (window, 1), 1, (window // 2, 0), count_include_pad=False)
    return functional.avg_pool2d(rows, (1, window), 1, (0, window // 2), count_include_pad=False)
