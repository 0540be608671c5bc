"""From thickness to film: attenuation, scatter, tone, shading, collimation, marker, grain. Nuisance, never truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import gaussian_filter

from scoring.phantoms.lead_letters import lettering
from scoring.score_rules.sharp_van_der_heijde import Side

Plane = npt.NDArray[np.float32]
Frame = Literal["none", "line", "white", "black"]

SOFT_PER_MM: Final = 0.0120
BONE_PER_MM: Final = 0.066
LEVELS: Final = 4095
"""Films are quantised to 12 bits, so that they are the same on every machine."""


@dataclass(frozen=True, slots=True)
class FilmStyle:
    """Everything about a film that is not the hand.

    ``base``: grey of bare film 0..1. ``contrast``: grey per unit of attenuation. ``gamma``: applied last.
    ``grain``: noise deviation. ``blur_mm``: unsharpness. ``scatter``: share of scattered light. ``sharpening``: edge
    enhancement of the scanner. ``heel``: shading across the film and ``heel_degrees`` its direction. ``margins_mm``:
    free film left, above, right of and below the hand; ``forearm_mm``: forearm shown. ``frame``: collimation;
    ``frame_mm``: film beyond it; ``frame_degrees``: its turn. ``strips_mm``: white rims of the scanner left, above,
    right and below. ``marker``: side letter of lead, with its turn and the ``initials`` beside it. ``degrees``: turn
    of the hand.
    """

    base: float = 0.04
    contrast: float = 0.75
    gamma: float = 1.0
    grain: float = 0.008
    blur_mm: float = 0.18
    scatter: float = 0.15
    sharpening: float = 0.0
    heel: float = 0.02
    heel_degrees: float = 0.0
    margins_mm: tuple[float, float, float, float] = (14.0, 14.0, 14.0, 0.0)
    forearm_mm: float = 35.0
    frame: Frame = "none"
    frame_mm: float = 0.0
    frame_degrees: float = 0.0
    strips_mm: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    marker: bool = True
    marker_degrees: float = 0.0
    initials: str = ""
    degrees: float = 0.0


def sample_film(rng: np.random.Generator) -> FilmStyle:
    """Draw a film as they come: a third well exposed on black, the rest greyer, from nearly black to nearly white."""
    kind = float(rng.uniform())
    if kind < 0.4:
        base, contrast = float(rng.uniform(0.0, 0.1)), float(rng.uniform(0.55, 1.0))
    elif kind < 0.9:
        base = float(rng.uniform(0.1, 0.62))
        contrast = float(rng.uniform(0.16, 0.6)) * (1.0 - 0.6 * base)
    else:
        base, contrast = float(rng.choice([0.01, 0.74])), float(rng.uniform(0.14, 0.26))
    frame: Frame = rng.choice(["none", "line", "white", "black"], p=[0.45, 0.3, 0.13, 0.12])
    loose = float(rng.uniform(4.0, 40.0)) if rng.uniform() < 0.8 else float(rng.uniform(30.0, 70.0))
    margins = tuple(float(m) for m in np.maximum(loose * rng.uniform(0.3, 1.3, 4), 4.0))
    strips = [float(w) if rng.uniform() < 0.12 else 0.0 for w in rng.uniform(0.8, 3.5, 4)]
    return FilmStyle(
        base=base,
        contrast=contrast,
        gamma=float(np.exp(rng.normal(0.0, 0.16))),
        grain=float(rng.uniform(0.004, 0.03)) * (0.3 + contrast),
        blur_mm=float(rng.uniform(0.10, 0.30)),
        scatter=float(rng.uniform(0.05, 0.3)),
        sharpening=max(float(rng.uniform(-0.8, 0.9)), 0.0),
        heel=float(rng.uniform(0.0, 0.08)) * (0.3 + contrast),
        heel_degrees=float(rng.uniform(0.0, 360.0)),
        margins_mm=(margins[0], margins[1], margins[2], 0.0 if frame == "none" else margins[3] * 0.3),
        forearm_mm=float(rng.uniform(14.0, 60.0)),
        frame=frame,
        frame_mm=0.0 if frame == "none" else float(rng.uniform(2.0, 30.0)),
        frame_degrees=float(rng.normal(0.0, 2.0)),
        strips_mm=(strips[0], strips[1], strips[2], strips[3]),
        marker=bool(rng.uniform() < 0.85),
        marker_degrees=float(rng.choice([0.0, 0.0, float(rng.normal(0, 15)), float(rng.uniform(0, 360))])),
        initials="".join(rng.choice(list("ABCDHJKLMNOPRST"), int(rng.integers(0, 4)))),
        degrees=float(np.clip(rng.normal(0.0, 5.0), -15.0, 15.0)),
    )


def field_inset_px(style: FilmStyle, spacing_mm: float) -> float:
    """Width of the rim outside the collimated field, in pixels."""
    return style.frame_mm / spacing_mm


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
        _press(grey, style, letter, x, y, spacing_mm)
    if style.frame != "none":
        _collimate(grey, style, spacing_mm)
    _strips(grey, style, spacing_mm)
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


def _press(grey: Plane, style: FilmStyle, letter: Side, x: float, y: float, spacing_mm: float) -> None:
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


def _strips(grey: Plane, style: FilmStyle, spacing_mm: float) -> None:
    """Unexposed rims along the edges of the scanned film."""
    left, top, right, bottom = (round(width / spacing_mm) for width in style.strips_mm)
    rows, columns = grey.shape
    for part in (grey[:, :left], grey[:top], grey[:, columns - right :], grey[rows - bottom :]):
        part[:] = min(style.base + 1.1 * style.contrast, 1.0)


def _collimate(grey: Plane, style: FilmStyle, spacing_mm: float) -> None:
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
