"""Pictures that are not hands, drawn: long bones, knees, feet, plates of noise. They stand beside the real ones."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

Grey = npt.NDArray[np.float32]

SIDE: Final = 192


def counter_example(seed: int) -> Grey:
    """One drawn picture (192, 192), 0..1, of a kind chosen by the seed."""
    rng = np.random.default_rng(seed)
    kinds = (_long_bones, _joint, _foot, _foot, _texture, _shapes, _trunk)
    picture = kinds[int(rng.integers(len(kinds)))](rng)
    picture = gaussian_filter(picture, float(rng.uniform(0.5, 1.6)))
    picture += rng.normal(0, float(rng.uniform(0.002, 0.05)), picture.shape)
    low, high = float(picture.min()), float(picture.max())
    return np.asarray((picture - low) / max(high - low, 1e-6), np.float32)


def _grid() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float64)
    return x, y


def _bone(
    picture: npt.NDArray[np.float64],
    start: tuple[float, float],
    end: tuple[float, float],
    radius: float,
    flare: float = 0.5,
    bright: float = 0.6,
) -> None:
    """Draw a shaft with wider ends and a brighter rim."""
    x, y = _grid()
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = max(float(np.hypot(dx, dy)), 1.0)
    along = ((x - start[0]) * dx + (y - start[1]) * dy) / length
    aside = np.abs((x - start[0]) * dy - (y - start[1]) * dx) / length
    t = np.clip(along / length, 0, 1)
    depth = np.minimum(radius * (1 + flare * np.abs(2 * t - 1) ** 3) - aside, np.minimum(along, length - along) + 1)
    picture += np.clip(depth + 0.5, 0, 1) * bright * (0.65 + 0.35 * np.exp(-np.clip(depth, 0, None) / 2))


def _soft(
    picture: npt.NDArray[np.float64], start: tuple[float, float], end: tuple[float, float], radius: float
) -> None:
    x, y = _grid()
    dx, dy = end[0] - start[0], end[1] - start[1]
    t = np.clip(((x - start[0]) * dx + (y - start[1]) * dy) / max(dx * dx + dy * dy, 1.0), 0, 1)
    away = np.hypot(x - start[0] - t * dx, y - start[1] - t * dy)
    picture += 0.22 * np.clip((radius - away) / 4, 0, 1)


def _long_bones(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """A forearm or a lower leg without its hand or foot: one or two shafts through the picture."""
    picture = np.full((SIDE, SIDE), float(rng.uniform(0, 0.15)))
    middle, lean = float(rng.uniform(50, 140)), float(rng.uniform(-50, 50))
    top, bottom = (middle + lean, float(rng.uniform(-60, 30))), (middle - lean, float(rng.uniform(160, 250)))
    _soft(picture, top, bottom, float(rng.uniform(22, 60)))
    apart = float(rng.uniform(9, 20))
    for k in range(int(rng.integers(1, 3))):
        _bone(picture, (top[0] + k * apart, top[1]), (bottom[0] + k * apart, bottom[1]), float(rng.uniform(5, 16)))
    return picture


def _joint(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """A knee or an elbow: two thick bones that meet at an angle."""
    picture = np.full((SIDE, SIDE), float(rng.uniform(0, 0.15)))
    x, y = (float(v) for v in rng.uniform(70, 125, 2))
    for angle in (float(rng.uniform(0, 6.28)), float(rng.uniform(2.2, 4.1))):
        far = (x + 170 * np.cos(angle), y + 170 * np.sin(angle))
        near = (x + 9 * np.cos(angle), y + 9 * np.sin(angle))
        _soft(picture, near, far, float(rng.uniform(35, 55)))
        _bone(picture, near, far, float(rng.uniform(11, 18)), float(rng.uniform(0.4, 1.0)))
    return picture


def _foot(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """A foot from above: five near-parallel metatarsals, short toes, a thick first ray, the tarsus, no thumb."""
    picture = np.full((SIDE, SIDE), float(rng.uniform(0, 0.15)))
    size, left = float(rng.uniform(0.6, 1.1)), float(rng.uniform(50, 80))
    base_y = float(rng.uniform(110, 140))
    for ray in range(5):
        fan = (ray - 1.5) * float(rng.uniform(2, 5))
        x, thick = left + ray * 11 * size, (8.0 if ray == 0 else 4.2) * size
        y = base_y + abs(ray - 1) * 4
        lengths = (44, 20, 15) if ray == 0 else (50 - 3 * ray, 15, 7, 6)
        at = (x, y)
        for k, length in enumerate(lengths):
            to = (at[0] - fan * 0.25 * (k < 2), at[1] - length * size)
            _bone(picture, at, (to[0], to[1] + 2), thick * 0.85**k)
            at = to
        _soft(picture, (x, y), at, thick + 6)
    columns, rows = _grid()
    for _ in range(7):
        cx, cy = left + rng.uniform(0, 44) * size, base_y + rng.uniform(8, 45) * size
        picture += 0.35 * (((columns - cx) / (9 * size)) ** 2 + ((rows - cy) / (8 * size)) ** 2 < 1)
    _soft(picture, (left + 22 * size, base_y), (left + 25 * size, base_y + 55 * size), 34 * size)
    return picture


def _texture(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Noise of a chance grain, a checkerboard, stripes or nothing at all."""
    kind = int(rng.integers(4))
    x, y = _grid()
    if kind == 0:
        return np.asarray(gaussian_filter(rng.normal(0, 1, (SIDE, SIDE)), float(rng.uniform(0.3, 12))))
    if kind == 1:
        cell = int(rng.integers(3, 40))
        return np.asarray(((x // cell + y // cell) % 2).astype(np.float64))
    if kind == 2:
        return np.sin((x * rng.normal() + y * rng.normal()) * float(rng.uniform(0.05, 0.6)))
    return x * rng.normal() / SIDE + y * rng.normal() / SIDE


def _shapes(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Chance discs and bars, as photographs and labels have."""
    picture = np.full((SIDE, SIDE), float(rng.uniform(0, 1)))
    x, y = _grid()
    for _ in range(int(rng.integers(2, 12))):
        cx, cy = rng.uniform(0, SIDE, 2)
        if rng.random() < 0.5:
            picture += rng.normal() * (np.hypot(x - cx, (y - cy) * rng.uniform(0.5, 2)) < rng.uniform(4, 70))
        else:
            angle = float(rng.uniform(0, 6.28))
            _bone(picture, (cx, cy), (cx + 90 * np.cos(angle), cy + 90 * np.sin(angle)), float(rng.uniform(2, 14)), 0)
    return picture


def _trunk(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """A chest or a pelvis in outline: a broad body, dark fields left and right, a spine, ribs or wings."""
    picture = np.zeros((SIDE, SIDE))
    x, y = _grid()
    cx, wide, tall = float(rng.uniform(80, 112)), float(rng.uniform(60, 95)), float(rng.uniform(70, 120))
    picture += 0.6 * np.clip((1.1 - ((x - cx) / wide) ** 2 - ((y - 96) / tall) ** 2) * 4, 0, 1)
    for sign in (-1, 1):
        field = ((x - cx - sign * wide * 0.45) / (wide * 0.33)) ** 2 + ((y - 90) / (tall * 0.6)) ** 2
        picture += float(rng.uniform(-0.4, 0.35)) * np.clip((1 - field) * 3, 0, 1)
        for k in range(int(rng.integers(0, 9))):
            rib = np.abs(np.hypot((x - cx) / wide, (y - 40 - 14 * k + 60) / 70) - 0.9)
            picture += 0.06 * (rib < 0.03) * (np.sign(x - cx) == sign)
    _bone(picture, (cx, 0), (cx, SIDE), float(rng.uniform(6, 12)), 0, 0.4)
    return picture
