"""From a found hand to one crop per site: the same function in training and in scoring.

A crop is a square around a site in the canonical orientation (a left hand with its fingers up; a right hand is
mirrored), as wide as ``CROP_SHARE`` of the hand's breadth, about 23 mm in an adult: free of any pixel spacing. Its
values are in units of its own spread, so that exposure and window do not matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates

from scoring.anatomy.found_hand import WIDTH_OVER_KNUCKLES, FoundHand
from scoring.score_rules.sharp_van_der_heijde import SITES, Side

Grey = npt.NDArray[np.float32]
Affine = npt.NDArray[np.float64]

CROP: Final = 64
"""Edge of a crop in pixels."""

CROP_SHARE: Final = 0.28
"""Edge of a crop as a share of the hand's breadth at the metacarpal heads (about 82 mm in an adult)."""

WINDOW: Final = 112
"""Edge of what training keeps around a site, in pixels of the crop's grid: room to turn and shift it."""

_DARK, _BRIGHT = 0.05, 0.95
"""Shares of a crop's values that are brought to 0 and 1."""


@dataclass(frozen=True)
class HandFrame:
    """Where a hand's sites lie on a picture, which way its fingers point, and how broad it is.

    ``axes`` (2, 2): columns are the canonical x and y directions in the picture, of length one. ``centres`` (22, 2):
    x, y in pixels of the picture, in the order of ``SITES``. ``breadth`` in pixels of the picture.
    """

    axes: Affine
    centres: Affine
    breadth: float

    @property
    def edge(self) -> float:
        """Edge of a crop in pixels of the picture."""
        return CROP_SHARE * self.breadth


def frame_of(hand: FoundHand) -> HandFrame:
    """The frame of a hand that the finder found."""
    centres = np.array([(hand.sites[key].x, hand.sites[key].y) for key in SITES], np.float64)
    return HandFrame(_nearest_rotation(hand.to_source[:, :2]), centres, hand.hand_width)


def frame_of_centres(centres: Mapping[str, tuple[float, float]], side: Side) -> HandFrame:
    """The frame of a hand whose sites are known (a phantom, a centre's readings); its fingers point to MCP3."""
    points = np.array([centres[key] for key in SITES], np.float64)
    at = {key: points[n] for n, key in enumerate(SITES)}
    down = (at["RADIUS"] + at["ULNA"]) / 2 - at["MCP3"]
    down /= np.linalg.norm(down)
    across = np.array([down[1], -down[0]]) * (1 if side == "L" else -1)
    breadth = WIDTH_OVER_KNUCKLES * float(np.linalg.norm(at["MCP2"] - at["MCP5"]))
    return HandFrame(np.column_stack([across, down]), points, breadth)


def crop_affines(frame: HandFrame, size: int = CROP) -> Affine:
    """(22, 2, 3): from pixels (x, y, 1) of a crop of ``size`` pixels, on the crop's grid, to the picture."""
    linear = frame.axes * (frame.edge / CROP)
    middle = linear @ np.full(2, (size - 1) / 2)
    affines = np.empty((len(frame.centres), 2, 3))
    affines[:, :, :2] = linear
    affines[:, :, 2] = frame.centres - middle
    return affines


def cut_crops(pixels: Grey, frame: HandFrame, size: int = CROP) -> Grey:
    """(22, size, size) views around the sites, averaged before they are made smaller; beyond the film its rim goes on.

    Values are still the picture's; ``normalised`` brings them to what the network sees.
    """
    share = frame.edge / CROP
    # two samples a crop pixel, from a picture reduced so that no pixel of it is skipped
    block = max(1, int(share / 2))
    top, left, part = _around(pixels, frame, size * share)
    small = _block_means(part, block)
    affines = crop_affines(frame, size)
    steps = (np.arange(2 * size) - 0.5) / 2
    x, y = np.meshgrid(steps, steps)
    grid = np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
    places = (affines @ grid - np.array([[left], [top]]) - (block - 1) / 2) / block
    values = map_coordinates(small, [places[:, 1].ravel(), places[:, 0].ravel()], order=1, mode="nearest")
    fine = values.reshape(len(affines), size, 2, size, 2)
    return np.asarray(fine.mean((2, 4)), np.float32)


def normalised(crops: Grey) -> Grey:
    """Crops (n, CROP, CROP) in units of their own spread: robust, so that a marker or a frame moves little."""
    coarse = crops.reshape(len(crops), CROP // 2, 2, CROP // 2, 2).mean((2, 4)).reshape(len(crops), -1)
    ordered = np.sort(coarse, 1)
    low = ordered[:, int(_DARK * ordered.shape[1]), None, None]
    high = ordered[:, int(_BRIGHT * ordered.shape[1]), None, None]
    return np.asarray(np.clip((crops - low) / (high - low + np.float32(1e-3)), -0.5, 1.5), np.float32)


def site_boxes(frame: HandFrame, shape: Sequence[int]) -> npt.NDArray[np.float64]:
    """(22, 4): x0, y0, x1, y1 of each site's box on the picture (rows, columns), upright, cut off at its edges."""
    half = frame.edge / 2
    corners = np.concatenate([frame.centres - half, frame.centres + half], 1)
    rows, columns = shape[:2]
    limit = np.array([columns - 1, rows - 1, columns - 1, rows - 1], np.float64)
    return np.asarray(np.clip(corners, 0.0, limit), np.float64)


def _nearest_rotation(linear: Affine) -> Affine:
    left, _, right = np.linalg.svd(linear)
    return np.asarray(left @ right, np.float64)


def _around(pixels: Grey, frame: HandFrame, edge: float) -> tuple[int, int, Grey]:
    """The part of a picture that the crops can touch, with its first row and column."""
    reach = edge * 0.75 + 2
    rows, columns = pixels.shape
    low = np.floor(frame.centres.min(0) - reach)
    high = np.ceil(frame.centres.max(0) + reach)
    left, top = (int(np.clip(low[k], 0, n - 2)) for k, n in enumerate((columns, rows)))
    right, bottom = (int(np.clip(high[k], m + 2, n)) for k, (m, n) in enumerate(((left, columns), (top, rows))))
    return top, left, pixels[top:bottom, left:right]


def _block_means(part: Grey, block: int) -> Grey:
    rows, columns = part.shape[0] // block, part.shape[1] // block
    if block == 1 or rows == 0 or columns == 0:
        return part
    kept = part[: rows * block, : columns * block]
    return np.asarray(kept.reshape(rows, block, columns, block).mean((1, 3)), np.float32)
