"""How views are changed while they are learnt from: pose, exposure, grain. Never the damage."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from torch import Tensor

from scoring.anatomy.film_view import sampled
from scoring.systems.svdh_hands.hand_book import HandBook
from scoring.systems.svdh_hands.preprocessing import margin_of, normalised, view_shape

_TURN: Final = 0.05
"""Spread in radians: somewhat more than the hand finder's own."""
_SIZE: Final = 0.04
_SHIFT_OF_ROWS: Final = 0.02
_GAMMA: Final = 0.12
_GRAIN: Final = 4.0
"""Spread of the noise, highest, in 1/255 of a view's range."""


def augmented(
    book: HandBook, chosen: np.ndarray[tuple[int], np.dtype[np.int64]], pixels: int, chance: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """(n, 1, rows, columns) as the network sees them, and the places (n, 22, 2) of their sites there."""
    views = torch.from_numpy(book.views[chosen].astype(np.float32))[:, None]
    gamma = _drawn(chance.normal(0, _GAMMA, (len(chosen), 1, 1, 1)))
    views = (views / 255) ** gamma.exp() * 255
    affines = _poses(len(chosen), pixels, chance)
    rows, columns = view_shape(pixels)
    seen = sampled(views, torch.from_numpy(affines), rows, columns)
    grain = _drawn(chance.uniform(0, _GRAIN, (len(chosen), 1, 1, 1)))
    seen = seen + grain * torch.from_numpy(chance.standard_normal(seen.shape, np.float32))
    back = np.linalg.inv(affines[:, :, :2])
    places = np.einsum("nij,nkj->nki", back, book.places[chosen] - affines[:, None, :, 2])
    return normalised(seen), torch.from_numpy(places.astype(np.float32))


def as_scored(book: HandBook, pixels: int, chosen: slice = slice(None)) -> Tensor:
    """(n, 1, rows, columns): the middles of the views, unchanged, as scoring sees them."""
    margin = margin_of(pixels)
    middle = book.views[chosen, margin:-margin, margin:-margin].astype(np.float32)
    return normalised(torch.from_numpy(middle)[:, None])


def _poses(count: int, pixels: int, chance: np.random.Generator) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """(n, 2, 3) from the middle of a view to the view with its margin."""
    rows, columns = view_shape(pixels)
    margin = margin_of(pixels)
    turn, size = chance.normal(0, _TURN, count), np.exp(chance.normal(0, _SIZE, count))
    cos, sin = size * np.cos(turn), size * np.sin(turn)
    linear = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], 1)
    middle = np.array([columns - 1, rows - 1]) / 2
    shift = chance.normal(0, _SHIFT_OF_ROWS * rows, (count, 2))
    return np.concatenate([linear, (middle + margin + shift - linear @ middle)[..., None]], 2)


def _drawn(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))
