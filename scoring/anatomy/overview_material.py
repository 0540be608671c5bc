"""What the overview learns from: any turn, either side, small or large, one hand or two, and what is no hand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from scoring.anatomy.augmentation import Chance, exposed, surroundings
from scoring.anatomy.film_view import contrast, sampled
from scoring.anatomy.overview_network import VIEW
from scoring.learning.batch_stream import Batch
from scoring.learning.showing_order import Order, shuffled

_MIDDLE: Final = (VIEW - 1) / 2
_INVERTED_SHARE: Final = 0.2


@dataclass(frozen=True)
class PalmMaterial:
    """Hands (n, 1, 192, 192), thumb right, with palm centres (n, 2) and wrist-to-MCP3 vectors (n, 2), in pixels of
    these canvases; and ``others`` (m, 1, 192, 192), which are no hands."""

    canvases: npt.NDArray[np.float16]
    centres: npt.NDArray[np.float32]
    ups: npt.NDArray[np.float32]
    others: npt.NDArray[np.float16]

    def order(self, chance: np.random.Generator) -> Order:
        """Every hand once."""
        return shuffled(len(self.canvases), chance)

    def batch(self, chosen: Order, chance: np.random.Generator) -> Batch:
        """Two thirds of the chosen hands alone on a view, a third in pairs; and half as many views without a hand.

        ``views`` (n, 2, 128, 128); ``palms`` (n, 2, 4): centre x, y and vector x, y in view pixels, NaN where there is
        none; ``inverted`` (n,), 0 or 1.
        """
        draw = Chance(int(chance.integers(1 << 62)))
        pairs = len(chosen) // 6
        parts = (
            self._alone(draw, chosen[2 * pairs :]),
            self._paired(draw, chosen[:pairs], chosen[pairs : 2 * pairs]),
            self._without(draw, len(chosen) // 2),
        )
        views, inverted = exposed(draw, torch.cat([part.views for part in parts]), _INVERTED_SHARE)
        return {"views": contrast(views), "palms": torch.cat([part.palms for part in parts]), "inverted": inverted}

    def _alone(self, draw: Chance, chosen: Order) -> _Posed:
        count = len(chosen)
        lengths = torch.exp(draw.between(math.log(13), math.log(56), count))
        quarter = draw.one_of(4, count) * (math.pi / 2)
        tilt = draw.normal(0.3, count).clamp(-0.9, 0.9)
        # a large hand fills the view and stays near its middle; a small one may lie anywhere
        reach = (62 - lengths * 1.1).clamp(6, 45)
        centres = torch.stack([draw.between(-1, 1, count) * reach + _MIDDLE for _ in range(2)], 1)
        return self._posed(draw, chosen, lengths, quarter + tilt, centres, draw.happens(0.5, count))

    def _paired(self, draw: Chance, left: Order, right: Order) -> _Posed:
        """Two hands beside each other, then the whole picture in a chance quarter turn."""
        count = len(left)
        lengths = draw.between(14, 29, count)
        mirrored = draw.happens(0.5, count)
        other = torch.where(draw.happens(0.85, count) > 0, 1 - mirrored, mirrored)
        halves = []
        for side, (chosen, sides) in enumerate(((left, mirrored), (right, other))):
            at_x = 32 + 63 * side + draw.normal(3.0, count)
            centres = torch.stack([at_x, draw.between(52, 82, count)], 1)
            halves.append(self._posed(draw, chosen, lengths, draw.normal(0.15, count), centres, sides))
        # one film has one exposure: bring both halves to the same level more often than not
        same = draw.happens(0.8, count).view(-1, 1, 1, 1)
        parts = [torch.where(same > 0, _even(half.views), half.views) for half in halves]
        views = torch.where(torch.arange(VIEW) < VIEW // 2, parts[0], parts[1])
        palms = torch.cat([half.palms[:, :1] for half in halves], 1)
        for n, quarters in enumerate(draw.one_of(4, count).tolist()):
            views[n] = torch.rot90(views[n], quarters, (1, 2))
            for _ in range(quarters):
                x, y, up_x, up_y = palms[n].unbind(-1)
                palms[n] = torch.stack([y, VIEW - 1 - x, up_y, -up_x], -1)
        return _Posed(views, palms)

    def _without(self, draw: Chance, count: int) -> _Posed:
        """Pictures without a hand, posed as freely as those with one."""
        chosen = draw.one_of(len(self.others), count).numpy()
        turns = draw.one_of(4, count) * (math.pi / 2) + draw.normal(0.2, count)
        scale = torch.exp(draw.between(math.log(0.8), math.log(2.2), count))
        linear = _linear(turns, scale, draw.happens(0.5, count))
        middle = torch.full((count, 2), _MIDDLE) + draw.normal(10.0, count, 2)
        shift = (self.others.shape[-1] - 1) / 2 - torch.einsum("nij,nj->ni", linear, middle)
        return _Posed(_seen(draw, self.others[chosen], linear, shift), torch.full((count, 2, 4), torch.nan))

    def _posed(
        self, draw: Chance, chosen: Order, lengths: Tensor, turns: Tensor, centres: Tensor, mirrored: Tensor
    ) -> _Posed:
        """Views in which the chosen hands have this palm length, turn (radians), centre and mirroring."""
        ups = torch.from_numpy(self.ups[chosen])
        linear = _linear(turns, ups.norm(dim=1) / lengths, mirrored)
        shift = torch.from_numpy(self.centres[chosen]) - torch.einsum("nij,nj->ni", linear, centres)
        palms = torch.full((len(chosen), 2, 4), torch.nan)
        palms[:, 0] = torch.cat([centres, torch.linalg.solve(linear, ups)], 1)
        return _Posed(_seen(draw, self.canvases[chosen], linear, shift), palms)


@dataclass(frozen=True)
class _Posed:
    """Views (n, 1, 128, 128) before exposure, and the palms (n, 2, 4) in them."""

    views: Tensor
    palms: Tensor


def _linear(turns: Tensor, scale: Tensor, mirrored: Tensor) -> Tensor:
    """View -> canvas (n, 2, 2): rotate by minus the turn, mirror in the canvas frame."""
    flip = 1 - 2 * mirrored
    cos, sin = torch.cos(turns) * scale, torch.sin(turns) * scale
    return torch.stack([torch.stack([cos * flip, sin * flip], 1), torch.stack([-sin, cos], 1)], 1)


def _seen(draw: Chance, canvases: npt.NDArray[np.float16], linear: Tensor, shift: Tensor) -> Tensor:
    pictures = torch.from_numpy(canvases.astype(np.float32))
    outside = surroundings(draw, pictures)
    return sampled(pictures - outside, torch.cat([linear, shift[:, :, None]], 2), VIEW, VIEW) + outside


def _even(views: Tensor) -> Tensor:
    low = torch.quantile(views.flatten(1), 0.05, dim=1).view(-1, 1, 1, 1)
    high = torch.quantile(views.flatten(1), 0.98, dim=1).view(-1, 1, 1, 1)
    return ((views - low) / (high - low + 1e-3)).clamp(0, 1)
