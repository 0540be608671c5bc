"""Bones as thickness: a dense cortex round a lighter canal with trabeculae, drawn each in its own box.

Thickness adds where bones overlap, as in a film.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter
from scipy.special import expit

from scoring.phantoms.bone_box import Box, Grid, Plane, bone_box
from scoring.phantoms.bone_outline import Bone, Points
from scoring.phantoms.erosions import Notch
from scoring.phantoms.trabeculae import texture_in


def add_bone(
    thickness: Plane,
    bone: Bone,
    grid: Grid,
    *,
    rng: np.random.Generator,
    mineral: float,
    grown: float,
    notches: Sequence[Notch] = (),
    fusion: Points | None = None,
) -> None:
    """Add one bone's mineral thickness (mm of cortical bone) to the picture.

    ``grown`` (0..1) is the maturity, which sets how wide open growth plates are. ``fusion``: line in mm along which the
    bone has grown together with its neighbour, where it has no cortex.
    """
    box = bone_box(bone, grid)
    if box is None:
        return
    end = np.clip(box.along / bone.length, 0.0, 1.0)
    radius, wall = _tube(bone, end, box.depth) if bone.tube else _block(bone, box.depth)
    joined = np.zeros_like(radius) if fusion is None else _near(fusion, grid, box, 2.0)
    depth = np.maximum(box.depth, joined * np.minimum(0.6 * radius, 2.6))
    outer = _chord(depth, radius, radius)
    inner = _chord(np.maximum(depth - wall, 0.0), radius - wall, radius - wall)
    inner = inner + joined * (outer - inner)
    middle = np.abs(2.0 * end - 1.0) if bone.tube else np.ones_like(end)
    sponge = 0.06 + 0.11 * middle * middle + 0.07 * joined
    coarse = 0.5 if bone.half_widths[2] > 9.0 else 1.0
    sponge = sponge * (1.0 + coarse * (1.0 - 0.6 * joined) * (0.28 + 0.24 * middle) * texture_in(box, rng))
    drawn = (outer - inner) + np.maximum(sponge, 0.0) * inner + (1.0 - joined) * _second_contour(bone, box, rng)
    for position in bone.physis_mm:
        drawn *= _growth_plate(bone, box, position, grown, rng, grid.spacing_mm)
    for notch in notches:
        drawn *= notch.left(box.along, box.across)
        drawn += notch.rim(box.along, box.across) * box.coverage
    thickness[box.rows, box.columns] += (drawn * box.coverage * mineral).astype(np.float32)


def _chord(depth: Plane, radius: Plane, limit: Plane) -> Plane:
    """Length of the ray through a round rod of ``radius`` at ``depth`` below its outline."""
    reach = np.minimum(depth, limit)
    chord: Plane = 2.0 * np.sqrt(np.maximum(2.0 * radius * reach - reach * reach, 0.0))
    return chord


def _tube(bone: Bone, end: Plane, depth: Plane) -> tuple[Plane, Plane]:
    base, waist, head = bone.half_widths
    forearm = bone.name in ("radius", "ulna")
    stops = [0.0, 0.2, 0.45, 0.65, 0.85, 1.0]
    profile = (
        [waist, waist, waist, waist, 0.5 * (waist + head), head]
        if forearm
        else [base, 0.5 * (base + waist), waist, waist, 0.5 * (waist + head), head]
    )
    radius = np.interp(end, stops, np.multiply(profile, 1.04)).astype(np.float32)
    thick = 0.42 * waist if not forearm else 0.34 * waist
    walls = (
        [thick, thick, thick, 0.75 * thick, 0.12 * thick, 0.12 * thick]
        if forearm
        else [0.2 * thick, 0.45 * thick, thick, thick, 0.4 * thick, 0.2 * thick]
    )
    return radius, np.interp(end, stops, walls).astype(np.float32) + np.float32(0.12)


def _block(bone: Bone, depth: Plane) -> tuple[Plane, Plane]:
    radius = np.full_like(depth, max(bone.half_widths[0] * 1.15, 1.2))
    return radius, np.full_like(depth, 0.42)


def _near(line: Points, grid: Grid, box: Box, reach_mm: float) -> Plane:
    mask = Image.new("L", (box.columns.stop - box.columns.start, box.rows.stop - box.rows.start))
    pen = ImageDraw.Draw(mask)
    r = reach_mm / grid.spacing_mm
    for x, y in grid.pixels(line) - [box.columns.start, box.rows.start]:
        pen.ellipse((x - r, y - r, x + r, y + r), fill=255)
    blurred: Plane = gaussian_filter(np.asarray(mask, dtype=np.float32) / 255.0, 0.35 * r)
    return blurred


def _second_contour(bone: Bone, box: Box, rng: np.random.Generator) -> Plane:
    """The edge of the bone's other face (dorsal or palmar), seen through it as a faint line inside one side."""
    inset, strength = float(rng.uniform(1.2, 2.8)), float(rng.uniform(0.3, 2.0))
    facing = float(rng.uniform(0.0, 2.0 * np.pi))
    if bone.tube:
        outward = np.maximum(2.4 - box.along, box.along - bone.length + 2.4) * 1.2
        inset = min(inset, 1.5)
    else:
        outward = (box.along - bone.length / 2) * np.cos(facing) + box.across * np.sin(facing)
    line: Plane = strength * expit(outward * 1.5) * np.exp(-(((box.depth - inset) / 0.3) ** 2))
    return line


def _growth_plate(
    bone: Bone, box: Box, position: float, grown: float, rng: np.random.Generator, spacing_mm: float
) -> Plane:
    """What a growth plate leaves: a wavy dark band with denser edges, and an epiphysis narrower than the shaft."""
    at_base = position < bone.length / 2
    half = bone.half_widths[0 if at_base else 2]
    width = (1.7 - 1.1 * grown) * float(rng.uniform(0.85, 1.15)) * (1.4 if bone.name in ("radius", "ulna") else 1.0)
    wave = 0.35 * np.sin(box.across / half * 2.4 + float(rng.uniform(0, 6))) + 0.3 * np.cos(box.across / half * 3.1)
    away = box.along - position - wave * (0.5 + 0.5 * grown)
    outward = -away if at_base else away
    soft = max(0.18, 0.6 * spacing_mm)
    band = expit((np.abs(away) - width / 2) / soft * 1.6)
    lips = 0.28 * np.exp(-(((np.abs(away) - width / 2 - 0.45) / 0.4) ** 2))
    corner = 0.9 * np.exp(-np.maximum(outward, 0.0) / 0.9)
    too_wide = expit((half * bone.epiphysis_width - corner - np.abs(box.across)) / soft * 1.6)
    kept = np.where(outward > 0.0, too_wide, 1.0)
    closing = float(rng.uniform(0.0, 0.5)) * (grown - 0.5) * (1.0 + np.sin(box.across + wave))
    closing = np.clip(closing + 0.06, 0.06, 0.7)
    left: Plane = ((closing + (1.0 - closing) * band) * (1.0 + lips) * kept).astype(np.float32)
    return left
