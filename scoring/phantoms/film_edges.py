"""What lies on a film beside the hand: lead letters, shutters, rims of the scanner. All change ``grey`` in place."""

from __future__ import annotations

import numpy as np

from scoring.phantoms.bone_box import Plane
from scoring.phantoms.film_style import FilmStyle
from scoring.phantoms.lead_letters import lettering
from scoring.score_rules.sharp_van_der_heijde import Side


def press_marker(grey: Plane, style: FilmStyle, letter: Side, x: float, y: float, spacing_mm: float) -> None:
    """Lay the lead letter (and the plastic plate that carries it) on the film, centred at (x, y)."""
    letters = lettering(letter, round(13.0 / spacing_mm), style.marker_degrees)
    plate = bool(style.initials)
    if plate:
        _lay(grey, np.ones((round(26.0 / spacing_mm), round(22.0 / spacing_mm)), np.float32), x, y, 0.05, style)
        small = lettering(style.initials, round(6.0 / spacing_mm), style.marker_degrees)
        _lay(grey, small, x, y + 8.0 / spacing_mm, 3.0, style)
    _lay(grey, letters, x, y - (3.0 / spacing_mm if plate else 0.0), 3.0, style)


def _lay(grey: Plane, mask: Plane, x: float, y: float, attenuation: float, style: FilmStyle) -> None:
    top, left = round(y - mask.shape[0] / 2), round(x - mask.shape[1] / 2)
    y0, x0 = max(top, 0), max(left, 0)
    y1, x1 = min(top + mask.shape[0], grey.shape[0]), min(left + mask.shape[1], grey.shape[1])
    if y1 <= y0 or x1 <= x0:
        return
    part = mask[y0 - top : y1 - top, x0 - left : x1 - left]
    target = grey[y0:y1, x0:x1]
    lead = np.minimum(target + style.contrast * attenuation, 1.0)
    grey[y0:y1, x0:x1] = target + part * (lead - target)


def add_strips(grey: Plane, style: FilmStyle, spacing_mm: float) -> None:
    """Unexposed rims along the edges of the scanned film."""
    left, top, right, bottom = (round(width / spacing_mm) for width in style.strips_mm)
    rows, columns = grey.shape
    for part in (grey[:, :left], grey[:top], grey[:, columns - right :], grey[rows - bottom :]):
        part[:] = min(style.base + 1.1 * style.contrast, 1.0)


def collimate(grey: Plane, style: FilmStyle, spacing_mm: float) -> None:
    """Shutters: bright line, white or black rim outside a field that may be a little askew."""
    rows, columns = grey.shape
    turn = np.deg2rad(style.frame_degrees)
    x = (np.arange(columns, dtype=np.float32) - columns / 2)[None, :] * np.float32(spacing_mm)
    y = (np.arange(rows, dtype=np.float32) - rows / 2)[:, None] * np.float32(spacing_mm)
    half_x, half_y = columns * spacing_mm / 2 - style.frame_mm, rows * spacing_mm / 2 - style.frame_mm
    u = np.abs(x * np.float32(np.cos(turn)) + y * np.float32(np.sin(turn))) - np.float32(half_x)
    v = np.abs(y * np.float32(np.cos(turn)) - x * np.float32(np.sin(turn))) - np.float32(half_y)
    beyond = np.maximum(u, v)
    outside = np.clip(beyond / 1.6 + 0.5, 0.0, 1.0)
    level = {"line": style.base + 0.02, "white": min(style.base + 1.2 * style.contrast, 1.0), "black": 0.0}
    grey += outside * (np.float32(level[style.frame]) - grey)
    if style.frame == "line":
        glow = np.exp(-np.square((beyond - 1.0) / 1.3)) - 0.5 * np.exp(-np.square((beyond + 2.2) / 1.4))
        grey += np.float32(0.55 * style.contrast) * glow
