"""Drawn pictures as the training loop takes them, and what it costs to be wrong about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from scoring.capillaroscopy.capillary_network import UM_PER_PX, NailfoldMaps, log_width_of
from scoring.capillaroscopy.scaled_view import contrast
from scoring.capillaroscopy.training_pictures import LearntPicture
from scoring.learning.batch_stream import Batch
from scoring.learning.showing_order import Order, shuffled

ROWS: Final = 208
COLUMNS: Final = 288
"""Of the part of a picture that is learnt from at a time; the narrowest field of the phantoms is 216 x 288."""
_SPREAD_PX: Final = 1.6
_SPREAD_OF_WIDTH: Final = 0.1
"""The hill that stands for a tip has this standard deviation, and this share of the diameter more: the tip of a wide
capillary is a matter of opinion."""
_REACH: Final = 3
"""Standard deviations."""
_KNOWN: Final = 0.5
"""Where the hill is higher the diameter is learnt."""
_BARE_SHARE: Final = 0.06
"""Of what is shown: coloured clouds and grain, on which there is nothing to find."""
_GAMMA: Final = 0.2
_GRAIN: Final = 0.02


@dataclass(frozen=True)
class NailfoldMaterial:
    """Pictures with their truth; each is cut out, mirrored and turned by quarters, and lit anew every time."""

    pictures: Sequence[LearntPicture]

    def order(self, chance: np.random.Generator) -> Order:
        """Every picture once."""
        return shuffled(len(self.pictures), chance)

    def batch(self, chosen: Order, chance: np.random.Generator) -> Batch:
        """``views`` (n, 3, rows, columns) as the network sees them; ``apex``, ``log_width`` (NaN away from tips) and
        ``row`` (n, rows, columns); ``blurry`` (n,), NaN where there is nothing that could be."""
        shown = [_cut_out(self.pictures[n], chance) for n in chosen]
        columns = {name: torch.from_numpy(np.stack([one[name] for one in shown])) for name in shown[0]}
        if chance.random() < 0.5:  # all of them, for a batch has one shape
            columns = {
                name: values.transpose(-1, -2) if values.ndim > 1 else values for name, values in columns.items()
            }
        return columns | {"views": contrast(columns["views"])}


@dataclass(frozen=True, slots=True)
class CapillaryLoss:
    """Tips by a focal loss, diameters near them, the row's band, and blur; blurry pictures teach no tips.

    The numbers say how much each counts.
    """

    apex: float
    width: float
    row: float
    blur: float

    def __call__(self, network: nn.Module, batch: Batch) -> Tensor:
        """The loss of one batch."""
        maps: NailfoldMaps = network(batch["views"])
        sharp = batch["blurry"] != 1  # what shows nothing is sharp
        apex, wanted = maps.apex[sharp].float(), batch["apex"][sharp]
        raw = functional.binary_cross_entropy_with_logits(apex, wanted, reduction="none")
        tips = (wanted == 1).sum().clamp_min(1)
        loss = self.apex * (raw * (torch.sigmoid(apex) - wanted).abs() ** 1.5).sum() / tips
        known = batch["log_width"].isfinite() & sharp[:, None, None]
        if known.any():
            loss = loss + self.width * functional.smooth_l1_loss(
                maps.log_width[known].float(), batch["log_width"][known], beta=0.1
            )
        loss = loss + self.row * functional.binary_cross_entropy_with_logits(maps.row.float(), batch["row"])
        judged = batch["blurry"].isfinite()
        blur = functional.binary_cross_entropy_with_logits(maps.blurry[judged].float(), batch["blurry"][judged])
        return loss + self.blur * blur


def _cut_out(picture: LearntPicture, chance: np.random.Generator) -> dict[str, npt.NDArray[np.float32]]:
    """One part of one picture with its truth, by the names of a batch."""
    if chance.random() < _BARE_SHARE:
        return _bare(chance)
    top = int(chance.integers(picture.pixels.shape[0] - ROWS + 1))
    left = int(chance.integers(picture.pixels.shape[1] - COLUMNS + 1))
    part = slice(top, top + ROWS), slice(left, left + COLUMNS)
    apex, log_width = _tip_maps(picture.tips - np.array((left, top), np.float32), picture.diameters_um)
    maps = {
        "views": _lit(picture.pixels[part].transpose(2, 0, 1).astype(np.float32) / np.float32(255), chance),
        "apex": apex,
        "log_width": log_width,
        "row": picture.row[part].astype(np.float32),
    }
    across, down = (int(n) for n in chance.integers(0, 2, 2) * 2 - 1)
    mirrored = {name: np.ascontiguousarray(values[..., ::down, ::across]) for name, values in maps.items()}
    return mirrored | {"blurry": np.array(picture.too_blurry, np.float32)}


def _tip_maps(
    tips: npt.NDArray[np.float32], diameters_um: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """A hill at each tip, 1 at the pixel nearest to it, and the log width of the nearest one where it is high."""
    apex = np.zeros((ROWS, COLUMNS), np.float32)
    log_width = np.full((ROWS, COLUMNS), np.nan, np.float32)
    learnt = log_width_of(torch.from_numpy(diameters_um)).numpy()
    spreads = _SPREAD_PX + _SPREAD_OF_WIDTH * diameters_um / UM_PER_PX
    for (x, y), width, spread in zip(np.rint(tips).astype(int), learnt, spreads, strict=True):
        if not (0 <= x < COLUMNS and 0 <= y < ROWS):
            continue
        reach = round(_REACH * float(spread))
        part = slice(max(0, y - reach), y + reach + 1), slice(max(0, x - reach), x + reach + 1)
        down, across = np.ogrid[part[0].start : min(ROWS, part[0].stop), part[1].start : min(COLUMNS, part[1].stop)]
        hill = np.exp(-((down - y) ** 2 + (across - x) ** 2) / np.float32(2 * spread**2)).astype(np.float32)
        nearest = (hill > apex[part]) & (hill > _KNOWN)
        log_width[part][nearest] = width
        np.maximum(apex[part], hill, out=apex[part])
    return apex, log_width


def _lit(view: npt.NDArray[np.float32], chance: np.random.Generator) -> npt.NDArray[np.float32]:
    """Another exposure and more grain."""
    lit = view ** np.float32(np.exp(chance.normal(0, _GAMMA)))
    grain = np.float32(chance.uniform(0, _GRAIN)) * chance.standard_normal(view.shape, np.float32)
    return np.clip(lit + grain, 0, 1).astype(np.float32)


def _bare(chance: np.random.Generator) -> dict[str, npt.NDArray[np.float32]]:
    """A picture without a nailfold."""
    coarse = torch.from_numpy(chance.random((1, 3, *chance.integers(2, 24, 2)), np.float32))
    clouds = functional.interpolate(coarse, (ROWS, COLUMNS), mode="bicubic", align_corners=False)[0].numpy()
    colour = chance.random((3, 1, 1), np.float32)
    view = np.clip(colour + np.float32(chance.uniform(0, 0.5)) * (clouds - 0.5), 0, 1).astype(np.float32)
    nothing = np.zeros((ROWS, COLUMNS), np.float32)
    return {
        "views": _lit(view, chance),
        "apex": nothing,
        "log_width": np.full_like(nothing, np.nan),
        "row": nothing,
        "blurry": np.array(np.nan, np.float32),
    }
