"""From thickness to film: attenuation, scatter, tone, shading, collimation, marker, grain. Nuisance, never truth."""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from scoring.phantoms.bone_box import Plane
from scoring.phantoms.film_edges import add_strips, collimate, press_marker
from scoring.phantoms.film_style import FilmStyle
from scoring.score_rules.sharp_van_der_heijde import Side

SOFT_PER_MM: Final = 0.0120
BONE_PER_MM: Final = 0.066
LEVELS: Final = 4095
"""Films are quantised to 12 bits: the last bits in which processors differ are rounded away."""


def develop(
    rng: np.random.Generator,
    soft_mm: Plane,
    bone_mm: Plane,
    style: FilmStyle,
    spacing_mm: float,
    markers: tuple[tuple[Side, float, float], ...] = (),
) -> Plane:
    """The finished film, 0..1, bone bright. ``markers``: (letter, x, y) in pixels."""
    attenuation = SOFT_PER_MM * soft_mm + BONE_PER_MM * bone_mm
    attenuation = gaussian_filter(attenuation, style.blur_mm / spacing_mm, truncate=3.0)
    light = np.exp(-attenuation)
    light = (1.0 - style.scatter) * light + style.scatter * _wide_blur(light, 10.0 / spacing_mm, 8)
    grey = np.float32(style.base) - np.float32(style.contrast) * np.log(light)
    if style.sharpening > 0.0:
        grey += np.float32(style.sharpening) * (grey - _wide_blur(grey, 1.4 / spacing_mm, 2))
    rows, columns = grey.shape
    turn = np.deg2rad(style.heel_degrees)
    across = np.linspace(-0.5, 0.5, columns, dtype=np.float32)[None, :] * np.float32(np.cos(turn))
    grey += np.float32(style.heel) * (across + np.linspace(-0.5, 0.5, rows, dtype=np.float32)[:, None] * np.sin(turn))
    for letter, x, y in markers:
        press_marker(grey, style, letter, x, y, spacing_mm)
    if style.frame != "none":
        collimate(grey, style, spacing_mm)
    add_strips(grey, style, spacing_mm)
    grain = rng.standard_normal(grey.shape, dtype=np.float32)
    grain += gaussian_filter(grain, 0.9) * np.float32(1.8)
    grey += grain * np.float32(style.grain * 0.7)
    grey = np.clip(grey, 0.0, 1.0) ** np.float32(style.gamma)
    film: Plane = (np.rint(grey * LEVELS) / LEVELS).astype(np.float32)
    return film


def _wide_blur(plane: Plane, sigma: float, step: int) -> Plane:
    """A wide Gaussian, reckoned on blocks of ``step`` x ``step`` pixels."""
    rows, columns = plane.shape
    small = Image.fromarray(plane).reduce(step)
    blurred = Image.fromarray(gaussian_filter(np.asarray(small), sigma / step))
    wide: Plane = np.asarray(blurred.resize((columns, rows), Image.Resampling.BILINEAR))
    return wide
