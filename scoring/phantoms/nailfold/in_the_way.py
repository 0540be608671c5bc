"""What lies between skin and camera: shine, hairs, bubbles in the oil, dust on the lens."""

from __future__ import annotations

import numpy as np

from scoring.phantoms.nailfold.skin import Light
from scoring.phantoms.nailfold.texture import Plane, cloud, smooth_step
from scoring.phantoms.nailfold.vessel import Vessel, blood_thickness
from scoring.phantoms.nailfold.view import View


def put_in_the_way(light: Light, view: View, oil: bool, draw: np.random.Generator) -> None:
    """Change ``light`` in place; how much of each is drawn."""
    if draw.random() < 0.22:
        _hairs(light, view, draw)
    if oil and draw.random() < 0.5:
        _bubbles(light, view, draw)
    if draw.random() < (0.15 if oil else 0.6):
        _shine(light, view, draw)
    if draw.random() < 0.3:
        _dust(light, view, draw)


def _shine(light: Light, view: View, draw: np.random.Generator) -> None:
    """Lamps seen in the skin's own relief: a patch of white specks, sometimes the lamp itself."""
    relief = cloud(draw, view.shape, 11 / view.um_per_px, 24 / view.um_per_px)
    relief += 0.8 * cloud(draw, view.shape, 60 / view.um_per_px)
    for _ in range(int(draw.integers(1, 3))):
        x, y = draw.uniform(0, view.shape[1]), draw.uniform(0, view.shape[0])
        size = draw.uniform(0.05, 0.17) * view.shape[1]
        yy, xx = np.ogrid[: view.shape[0], : view.shape[1]]
        near = np.exp(-(((xx - x) / size) ** 2 + ((yy - y) / (0.7 * size)) ** 2)).astype(np.float32)
        white = smooth_step(near * (1.6 + relief), 1.1, 3.2) * np.float32(draw.uniform(0.4, 0.9))
        light += white * (1.15 - light)


def _hairs(light: Light, view: View, draw: np.random.Generator) -> None:
    """Fine hairs of the finger, out of focus, each with its own curve; they lie over everything."""
    rows, columns = view.shape
    hairs = []
    for _ in range(int(draw.integers(1, 4))):
        t = np.linspace(-0.2, 1.2, 40)
        x = draw.uniform(0, columns) + t * draw.normal(0, 0.8 * columns) + 0.06 * columns * np.sin(2 * t + 1)
        y = rows * (1.1 - t * draw.uniform(0.6, 1.2)) + 0.05 * rows * np.sin(draw.uniform(1, 4) * t)
        thin = 1 - 0.5 * np.clip(t, 0, 1)
        radius = draw.uniform(6, 15) / view.um_per_px * thin
        middle = np.stack((x, y), axis=1).astype(np.float32)
        hairs.append(Vessel(middle, radius.astype(np.float32), np.ones(len(t), np.float32)))
    thickness = blood_thickness(hairs, view.shape, view.um_per_px)
    light *= np.exp(-np.array((0.045, 0.055, 0.062), np.float32)[:, None, None] * thickness)
    light += 0.10 * smooth_step(thickness, 14, 24)


def _bubbles(light: Light, view: View, draw: np.random.Generator) -> None:
    """Air in the oil: a dark rim, a bright middle that is the skin seen smaller, a lamp in it."""
    for _ in range(int(draw.integers(1, 7))):
        radius = draw.uniform(16, 85) / view.um_per_px
        x, y = draw.uniform(0, view.shape[1]), draw.uniform(0, view.shape[0])
        top, left = max(0, int(y - 1.3 * radius)), max(0, int(x - 1.3 * radius))
        part = light[:, top : int(y + 1.3 * radius) + 2, left : int(x + 1.3 * radius) + 2]
        yy, xx = np.ogrid[top : top + part.shape[1], left : left + part.shape[2]]
        away = (np.hypot(xx - x, yy - y) / radius).astype(np.float32)
        rim = np.exp(-(((away - 0.92) / 0.09) ** 2))
        part *= 1 - 0.62 * rim
        part += 0.06 * smooth_step(1 - away, 0.1, 0.4)
        lamp = np.exp(-(((xx - x + 0.3 * radius) ** 2 + (yy - y + 0.35 * radius) ** 2) / (0.16 * radius) ** 2))
        part += lamp.astype(np.float32) * (1.05 - part)


def _dust(light: Light, view: View, draw: np.random.Generator) -> None:
    """Specks on the lens, far out of focus: faint dark discs."""
    yy, xx = np.ogrid[: view.shape[0], : view.shape[1]]
    shade: Plane = np.ones(view.shape, np.float32)
    for _ in range(int(draw.integers(1, 6))):
        x, y, radius = draw.uniform(0, view.shape[1]), draw.uniform(0, view.shape[0]), draw.uniform(0.006, 0.02)
        away = np.hypot(xx - x, yy - y) / (radius * view.shape[1])
        shade -= np.float32(draw.uniform(0.08, 0.35)) * smooth_step(away.astype(np.float32), 1.2, 0.7)
    light *= np.maximum(shade, 0)
