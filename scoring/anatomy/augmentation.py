"""Chance for training: pose, bend, exposure, noise, frames, letters, edges. Every draw comes from one generator."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional

from scoring.anatomy.film_view import rim_level


class Chance:
    """Random draws of one training run, reproducible from its seed."""

    def __init__(self, seed: int) -> None:
        self.generator: Generator = Generator().manual_seed(seed)

    def between(self, low: float, high: float, *shape: int) -> Tensor:
        """Uniform draws."""
        return torch.rand(shape, generator=self.generator) * (high - low) + low

    def normal(self, spread: float, *shape: int) -> Tensor:
        """Normal draws around zero."""
        return torch.randn(shape, generator=self.generator) * spread

    def happens(self, share: float, *shape: int) -> Tensor:
        """True with this probability, as 0 or 1."""
        return (torch.rand(shape, generator=self.generator) < share).float()

    def one_of(self, count: int, *shape: int) -> Tensor:
        """Whole numbers below ``count``."""
        return torch.randint(count, shape, generator=self.generator)


def surroundings(chance: Chance, pictures: Tensor) -> Tensor:
    """What lies outside each picture (n, 1, 1, 1): often the level of its own rim, sometimes black."""
    return rim_level(pictures) * chance.happens(0.7, pictures.shape[0], 1, 1, 1)


def bend_field(chance: Chance, count: int, height: int, width: int, strength: float) -> Tensor:
    """A smooth displacement (n, height, width, 2) in pixels: fingers closer or wider apart, bones longer or shorter."""
    coarse = chance.normal(strength, count, 2, 5, 4)
    fine = functional.interpolate(coarse, (height, width), mode="bicubic", align_corners=True)
    return fine.permute(0, 2, 3, 1)


def bent_points(affines: Tensor, bend: Tensor, points: Tensor) -> Tensor:
    """Where picture points (n, k, 2) come to lie on views made by ``sampled(..., affines, bend)``."""
    linear = torch.linalg.inv(affines[:, :, :2])
    height, width = bend.shape[1:3]
    half = torch.tensor([(width - 1) / 2, (height - 1) / 2])
    shift = torch.zeros_like(points)
    placed = points
    for _ in range(4):
        placed = torch.einsum("nij,nkj->nki", linear, points - affines[:, None, :, 2] - shift)
        where = (placed / half - 1)[:, None].clamp(-1, 1).nan_to_num(0.0)
        shift = functional.grid_sample(bend.permute(0, 3, 1, 2), where, align_corners=True)[:, :, 0].transpose(1, 2)
    return placed


def exposed(chance: Chance, views: Tensor, inverted_share: float, cut_share: float = 0.0) -> tuple[Tensor, Tensor]:
    """Another film of the same: sharpness, gamma, shading, noise, clipping, frame, letters, inversion.

    Views (n, 1, h, w) of any range; the answer is 0..1 and, for each, whether it was inverted. In ``cut_share`` of the
    views the film ends inside the hand.
    """
    count = views.shape[0]
    low = views.amin((1, 2, 3), keepdim=True)
    views = (views - low) / (views.amax((1, 2, 3), keepdim=True) - low + 1e-4)
    views = _coarser(chance, views)
    views = views ** torch.exp(chance.normal(0.45, count, 1, 1, 1))
    views = views * (1 + _slope(chance, views, 0.25)) + _slope(chance, views, 0.08)
    views = _framed(chance, views, cut_share)
    views = _lettered(chance, views)
    views = views * chance.between(0.08, 1.25, count, 1, 1, 1) + chance.between(0, 0.4, count, 1, 1, 1)
    noise = chance.between(0, 0.14, count, 1, 1, 1) * chance.happens(0.6, count, 1, 1, 1)
    views = views + chance.normal(1.0, *views.shape) * noise * views.std((1, 2, 3), keepdim=True)
    views = views.clamp(0, 1)
    inverted = chance.happens(inverted_share, count)
    turned = torch.where(inverted.view(-1, 1, 1, 1) > 0, 1 - views, views)
    return turned, inverted


def _coarser(chance: Chance, views: Tensor) -> Tensor:
    """Bring each view to a chance resolution, so that no source is known by its sharpness."""
    height, width = views.shape[-2:]
    out = views.clone()
    factor = chance.between(0.35, 1.3, views.shape[0])
    for i, f in enumerate(factor.tolist()):
        if f < 1.0:
            small = functional.interpolate(
                views[i : i + 1], (max(8, round(height * f)), max(8, round(width * f))), mode="bilinear", antialias=True
            )
            out[i : i + 1] = functional.interpolate(small, (height, width), mode="bicubic", align_corners=False)
    return out.clamp(0, 1)


def _slope(chance: Chance, views: Tensor, strength: float) -> Tensor:
    """A brightness gradient (n, 1, h, w)."""
    coarse = chance.normal(strength, views.shape[0], 1, 2, 2)
    return functional.interpolate(coarse, views.shape[-2:], mode="bilinear", align_corners=True)


def _framed(chance: Chance, views: Tensor, cut_share: float) -> Tensor:
    """Collimation or a second film edge: beyond up to four chance lines lies another level, with a rim."""
    count, _, height, width = views.shape
    y, x = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    tilt = chance.between(-0.5, 0.5, count, 1) * chance.happens(0.6, count, 1)
    angle = tilt + torch.arange(4).view(1, 4) * (math.pi / 2)
    beyond = torch.full((count, 4), 9.0)
    far = torch.where(chance.happens(0.5, count, 4) > 0, chance.between(0.82, 1.08, count, 4), beyond)
    far = torch.where(chance.happens(0.5, count, 1) > 0, far, beyond)
    cut = functional.one_hot(chance.one_of(4, count), 4) * chance.happens(cut_share, count, 1)
    far = torch.where(cut > 0, chance.between(0.4, 0.85, count, 4), far)
    inside = far[..., None, None] - (torch.cos(angle)[..., None, None] * x + torch.sin(angle)[..., None, None] * y)
    edge = inside.amin(1, keepdim=True)
    level = chance.between(0, 1, count, 1, 1, 1) ** 1.5
    keep = chance.between(0, 0.6, count, 1, 1, 1) * chance.happens(0.5, count, 1, 1, 1)
    views = torch.where(edge < 0, level + keep * (views - level), views)
    rim = (edge.abs() < 0.015 + 0.03 * chance.between(0, 1, count, 1, 1, 1) ** 2).float()
    strength = chance.between(-0.5, 1.0, count, 1, 1, 1) * chance.happens(0.7, count, 1, 1, 1)
    return (views + rim * strength).clamp(0, 1.3)


def _lettered(chance: Chance, views: Tensor) -> Tensor:
    """Lead letters and labels: a few bright strokes on a dark or clear plate."""
    count, _, height, width = views.shape
    for i in range(count):
        for _ in range(int(chance.one_of(3, 1))):
            size = int(chance.one_of(height // 10, 1)) + 5
            top = int(chance.one_of(max(1, height - size), 1))
            left = int(chance.one_of(max(1, width - size), 1))
            if width * 0.25 < left + size / 2 < width * 0.75 and height * 0.2 < top + size / 2 < height * 0.8:
                continue
            strokes = functional.interpolate((chance.between(0, 1, 1, 1, 3, 3) > 0.55).float(), (size, size))[0]
            patch = views[i, :, top : top + size, left : left + size]
            plate = chance.between(0, 0.6, 1) if chance.happens(0.5, 1) else patch
            views[i, :, top : top + size, left : left + size] = torch.maximum(strokes * 0.95, plate + 0 * patch)
    return views
