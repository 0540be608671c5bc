"""Erosions drawn into crops of healthy real joints, so that "looks like a real film" is no sign of health.

A notch is cut into a bright margin near the joint and filled with what lies beside the bone, grain and all. It is a
drawing: sizes and grades follow the phantoms' (``scoring.phantoms.damage``), no reader has seen it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from scoring.phantoms.damage import NOTCH_RADIUS_MM, notch_sizes
from scoring.phantoms.seeded import stream
from scoring.score_rules.sharp_van_der_heijde import ITEMS
from scoring.systems.hand_joints.crop_book import NOT_GRADED, CropBook
from scoring.systems.hand_joints.preprocessing import WINDOW, Grey

MM_PER_PIXEL: Final = 0.36
"""Of the crop's grid in the hand of 180 mm that the phantoms' notch sizes are given for."""

_HIGHEST_DRAWN: Final = 4
"""Grade 5 is collapse, which no notch can draw."""
_SHARE_OF_SITES: Final = 0.4
_NEAREST_PX, _FARTHEST_PX = 6.0, 20.0
"""Notches lie this far from the middle of the site: its margins, not its neighbours'."""
_STEEPEST: Final = 0.08
"""Share of the pixels in reach that count as a margin of bone."""
_BESIDE_PX: Final = 4.0
_DARKER_THAN_MARGINS: Final = 0.35
"""Share of the pixels in reach that are darker than any margin of bone: air and skin."""
_EROSION: Final = ITEMS.index("erosion")


def with_drawn_erosions(healthy: CropBook, copies: int, seed: int) -> CropBook:
    """``copies`` of every hand, about two in five of its erosion sites with drawn notches of grade 1 to 4."""
    windows = np.concatenate([healthy.windows] * copies)
    grades = np.concatenate([healthy.grades] * copies)
    for hand in range(len(windows)):
        chance = stream(seed + hand, "drawn erosions")
        for site in range(windows.shape[1]):
            if grades[hand, site, _EROSION] == NOT_GRADED or chance.uniform() > _SHARE_OF_SITES:
                continue
            grade = int(chance.integers(1, _HIGHEST_DRAWN + 1))
            windows[hand, site] = eroded(windows[hand, site].astype(np.float32), grade, chance)
            grades[hand, site, _EROSION] = grade
    return CropBook(windows, grades)


def eroded(window: Grey, grade: int, chance: np.random.Generator) -> Grey:
    """A window (WINDOW, WINDOW) with notches at bone margins whose sizes add up to ``grade``."""
    for size in notch_sizes(chance, grade):
        window = _notched(window, NOTCH_RADIUS_MM[size] / MM_PER_PIXEL * float(chance.uniform(0.9, 1.1)), chance)
    return window


def _notched(window: Grey, radius: float, chance: np.random.Generator) -> Grey:
    smooth = gaussian_filter(window, 1.5)
    down, across = np.gradient(smooth)
    y, x = np.mgrid[:WINDOW, :WINDOW].astype(np.float64)
    middle = (WINDOW - 1) / 2
    reach = np.hypot(x - middle, y - middle)
    near = (reach > _NEAREST_PX) & (reach < _FARTHEST_PX)
    bone = gaussian_filter(window, 3.0) > np.quantile(smooth[near], _DARKER_THAN_MARGINS)  # and no edge of the skin
    steep = np.where(near & bone, np.hypot(across, down), 0.0)
    rows, columns = np.nonzero(steep >= np.quantile(steep[near], 1 - _STEEPEST))
    chosen = int(chance.integers(len(rows)))
    row, column = int(rows[chosen]), int(columns[chosen])
    to_bone = np.array([across[row, column], down[row, column]]) / max(float(steep[row, column]), 1e-9)
    beside = np.array([column, row]) - to_bone * _BESIDE_PX
    level = max(float(smooth[_inside(beside[1]), _inside(beside[0])]), float(np.quantile(smooth[near], 0.1)))
    place = np.array([column, row]) + to_bone * radius * 0.35
    cover = _blob(x - place[0], y - place[1], radius, chance) * float(chance.uniform(0.6, 1.0))
    filled = level + (window - smooth)
    return np.asarray(np.minimum(window, window + cover * (filled - window)), np.float32)


def _blob(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], radius: float, chance: np.random.Generator) -> Grey:
    """A roundish, soft-edged spot: 1 inside, 0 outside."""
    angle = np.arctan2(y, x)
    wobble = sum(
        float(chance.uniform(-0.1, 0.1)) * np.sin(k * angle + float(chance.uniform(0, 6.28))) for k in (2, 3, 5)
    )
    return np.asarray(np.clip((radius * (1 + wobble) - np.hypot(x, y)) / 1.5 + 0.5, 0.0, 1.0), np.float32)


def _inside(value: float) -> int:
    return int(np.clip(round(float(value)), 0, WINDOW - 1))
