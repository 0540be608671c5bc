"""How pictures are changed while they are learnt from: as another hand would hold the phone, in other light.

Flips, turns of up to 15 degrees, size and place; white balance, exposure and gamma as skin, lamp and phone make them
differ; slight softness, grain and specks of shine. Never so much blur that it would make the label of blur wrong.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

_TURN: Final = math.radians(15)
_SIZE: Final = 0.08
_SHIFT: Final = 0.06
"""Of half a picture."""
_POSED: Final = 0.5
"""Share of pictures that are turned: each one that is loses a little sharpness."""
_UPSIDE_DOWN: Final = 0.25
_BALANCE: Final = 0.08
_BRIGHTNESS: Final = 0.03
_GAMMA: Final = 0.12
_GRAIN: Final = 0.015
_SOFTENED: Final = 0.1
_SHINY: Final = 0.1
_SPECKS: Final = 12
_SPECK_SIZE: Final = 0.02
"""Spread of a speck in shares of a picture's width."""

Chance = np.random.Generator


def augmented(pictures: Tensor, maps: Tensor | None, chance: Chance) -> tuple[Tensor, Tensor | None]:
    """Pictures (n, 3, rows, columns), 0..1, and the maps of their parts, moved alike."""
    if chance.random() < 0.5:
        pictures, maps = pictures.flip(3), None if maps is None else maps.flip(3)
    if chance.random() < _UPSIDE_DOWN:
        pictures, maps = pictures.flip(2), None if maps is None else maps.flip(2)
    pictures, maps = _posed(pictures, maps, chance)
    return _exposed(pictures, chance), maps


def _posed(pictures: Tensor, maps: Tensor | None, chance: Chance) -> tuple[Tensor, Tensor | None]:
    posed = torch.from_numpy(np.flatnonzero(chance.random(len(pictures)) < _POSED))
    affine = _poses(len(posed), pictures.shape[2] / pictures.shape[3], chance)
    pictures = pictures.index_copy(0, posed, _moved(pictures[posed], affine))
    return pictures, None if maps is None else maps.index_copy(0, posed, _moved(maps[posed], affine))


def _poses(count: int, aspect: float, chance: Chance) -> Tensor:
    """(n, 2, 3) for ``affine_grid``; its axes are of one length although a picture's are not."""
    turn, size = chance.uniform(-_TURN, _TURN, count), np.exp(chance.uniform(-_SIZE, _SIZE, count))
    cos, sin = size * np.cos(turn), size * np.sin(turn)
    shift = chance.uniform(-_SHIFT, _SHIFT, (2, count))
    rows = [np.stack([cos, -sin * aspect, shift[0]], 1), np.stack([sin / aspect, cos, shift[1]], 1)]
    return _drawn(np.stack(rows, 1))


def _moved(pictures: Tensor, affine: Tensor) -> Tensor:
    if not len(pictures):
        return pictures
    grid = functional.affine_grid(affine, list(pictures.shape), align_corners=False)
    return functional.grid_sample(pictures, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def _exposed(pictures: Tensor, chance: Chance) -> Tensor:
    count = len(pictures)
    pictures = _shiny(_softened(pictures, chance), chance)
    gamma = _drawn(np.exp(chance.normal(0, _GAMMA, (count, 1, 1, 1))))
    balance = _drawn(np.exp(chance.normal(0, _BALANCE, (count, 3, 1, 1))))
    brightness = _drawn(chance.normal(0, _BRIGHTNESS, (count, 1, 1, 1)))
    grain = _drawn(chance.uniform(0, _GRAIN, (count, 1, 1, 1)))
    exposed = pictures.clamp(1e-4, 1) ** gamma * balance + brightness
    return (exposed + grain * torch.from_numpy(chance.standard_normal(pictures.shape, np.float32))).clamp(0, 1)


def _softened(pictures: Tensor, chance: Chance) -> Tensor:
    """Some of them by the weights 1 2 1: a spread of 0.7 pixels, far from what makes a picture too blurry."""
    soft = torch.from_numpy(chance.random(len(pictures)) < _SOFTENED)
    if soft.any():
        wide = functional.pad(pictures[soft], (1, 1, 1, 1), mode="replicate")
        wide = (wide[..., :-2] + 2 * wide[..., 1:-1] + wide[..., 2:]) / 4
        pictures[soft] = (wide[..., :-2, :] + 2 * wide[..., 1:-1, :] + wide[..., 2:, :]) / 4
    return pictures


def _shiny(pictures: Tensor, chance: Chance) -> Tensor:
    """A cluster of white specks on some of them, as a lamp makes them on dry skin."""
    rows, columns = pictures.shape[2:]
    for number in np.flatnonzero(chance.random(len(pictures)) < _SHINY):
        middle = chance.uniform(0, 1, 2) * (columns, rows)
        places = middle + chance.normal(0, 0.06 * columns, (_SPECKS, 2))
        spreads = chance.uniform(0.3, 1.0, _SPECKS) * _SPECK_SIZE * columns
        x, y = np.arange(columns)[None, None], np.arange(rows)[None, :, None]
        away = (x - places[:, 0, None, None]) ** 2 + (y - places[:, 1, None, None]) ** 2
        white = np.exp(-away / (2 * spreads[:, None, None] ** 2)).max(0) * chance.uniform(0.4, 0.9)
        pictures[number] = torch.lerp(pictures[number], torch.ones(()), _drawn(white))
    return pictures


def _drawn(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))
