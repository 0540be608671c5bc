"""One capillary of the distal row: its afferent limb, its apex, its efferent limb, and what sprouts from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from scoring.phantoms.nailfold.vessel import Along, Points, Vessel
from scoring.score_rules.nailfold_labels import Shape

_POINTS: Final = 36
_APEX_POINTS: Final = 10
_AFFERENT: Final = (0.60, 0.85)
_EFFERENT: Final = (0.82, 1.0)
"""Diameters of the limbs, of that of the apex: the one that brings the blood is thinner."""


@dataclass(frozen=True, slots=True)
class Capillary:
    """``u``, ``v``: the outermost point of the apex. ``vessels`` in micrometres of the fold."""

    u: float
    v: float
    diameter_um: float
    shape: Shape
    vessels: tuple[Vessel, ...]


@dataclass(frozen=True, slots=True)
class LoopForm:
    """How a capillary is to be drawn; lengths in micrometres, ``slant`` in radians, ``wave`` of both limbs together."""

    shape: Shape
    diameter_um: float
    limb_um: float
    apart_um: float
    slant: float
    wave_um: float
    shown: float


def draw_capillary(u: float, v: float, form: LoopForm, draw: np.random.Generator) -> Capillary:
    """A capillary with its apex at a place of the fold."""
    vessels = [_loop(form, draw)]
    if form.shape in ("branching", "ramified"):
        vessels += _branches(form, draw)
    turn = np.array(((np.cos(form.slant), np.sin(form.slant)), (-np.sin(form.slant), np.cos(form.slant))))
    placed = (
        Vessel((vessel.middle @ turn + (u, v)).astype(np.float32), vessel.radius, vessel.shown) for vessel in vessels
    )
    return Capillary(u, v, form.diameter_um, form.shape, tuple(placed))


def _loop(form: LoopForm, draw: np.random.Generator) -> Vessel:
    """Both limbs and the arch between them, the top of its outer wall at the origin; limbs sink into the skin."""
    half = (form.diameter_um + form.apart_um) / 2
    outer = form.diameter_um / 2
    depth = np.linspace(0.0, 1.0, _POINTS)
    swing = _swing(form, depth, draw)
    down = half + outer + depth * form.limb_um
    sway = form.wave_um * np.sin(depth * draw.uniform(3.0, 7.0) + draw.uniform(0, 6.3)) * np.minimum(1, 3 * depth)
    sides = [np.stack((side * half * swing + sway, down), axis=1) for side in (-1, 1)]
    arch = np.linspace(np.pi, 2 * np.pi, _APEX_POINTS)[1:-1]
    top = np.stack((half * np.cos(arch), outer + half * (1 + np.sin(arch))), axis=1)
    middle = np.concatenate((sides[0][::-1], top, sides[1]))
    share = _widths(depth, draw)
    sunk = form.shown * np.concatenate((_sinking(depth, draw)[::-1], np.ones(_APEX_POINTS - 2), _sinking(depth, draw)))
    return _vessel(middle, form.diameter_um / 2 * share, sunk)


def _widths(depth: Along, draw: np.random.Generator) -> Along:
    """Of both limbs and the apex, which has the whole diameter: wide near it, uneven further down."""
    limbs = []
    for low, high in (_AFFERENT, _EFFERENT):
        narrowing = (1 - draw.uniform(low, high)) * np.minimum(1, 4 * depth)
        uneven = draw.uniform(0.02, 0.13) * depth * np.sin(depth * draw.uniform(6, 14) + draw.uniform(0, 6.3))
        limbs.append(1 - narrowing + uneven)
    return np.concatenate((limbs[0][::-1], np.ones(_APEX_POINTS - 2), limbs[1]))


def _sinking(depth: Along, draw: np.random.Generator) -> Along:
    """How much of a limb shows along it, with the gaps that plasma leaves between packs of red cells."""
    packed = 1 - 0.3 * draw.random() * (np.sin(depth * draw.uniform(15, 30) + draw.uniform(0, 6)) > 0.75)
    return np.asarray((1 - depth ** draw.uniform(1.6, 4.0)) * packed, np.float32)


def _swing(form: LoopForm, depth: Along, draw: np.random.Generator) -> Along:
    """Where the limbs are between their sides: 1 on its own, -1 on the other's."""
    crossings = {"crossing": int(draw.integers(1, 3)), "coiled": int(draw.integers(4, 7))}.get(form.shape, 0)
    if not crossings:
        return np.asarray(1 + 0.25 * depth * draw.normal(0, 0.8), np.float32)
    wide = 1.0 if form.shape == "crossing" else 1.6
    return np.asarray(wide * np.cos(np.pi * (crossings + 0.4) * depth) * (1 - 0.3 * depth), np.float32)


def _branches(form: LoopForm, draw: np.random.Generator) -> Iterator[Vessel]:
    """Sprouts: one or two from a loop that is otherwise kept, a bush of them from a ramified one."""
    ramified = form.shape == "ramified"
    half = (form.diameter_um + form.apart_um) / 2
    for n in range(int(draw.integers(4, 7) if ramified else draw.integers(1, 3))):
        side = -1 if n % 2 else 1
        low = form.diameter_um / 2 + half
        start = np.array((side * half, low + draw.uniform(0.0, 0.45) * form.limb_um))
        heading = -np.pi / 2 + side * draw.uniform(0.35, 1.25)
        length = draw.uniform(55, 120) if ramified else draw.uniform(50, 95)
        sprout = _sprout(start, heading, length, form, draw)
        yield sprout
        if ramified or draw.random() < 0.5:
            fork = sprout.middle[int(draw.integers(6, 11))]
            yield _sprout(fork, heading - side * draw.uniform(0.7, 1.3), 0.6 * length, form, draw)


def _sprout(start: Points, heading: float, length: float, form: LoopForm, draw: np.random.Generator) -> Vessel:
    t = np.linspace(0, 1, 14)
    bent = heading + draw.normal(0, 0.7) * t + 0.35 * np.sin(t * draw.uniform(3, 8) + draw.uniform(0, 6))
    step = length / len(t)
    middle = start + np.cumsum(np.stack((np.cos(bent), np.sin(bent)), axis=1) * step, axis=0) - step
    radius = draw.uniform(4.8, 7.6) * (1 - 0.3 * t)
    return _vessel(middle, radius, np.full(len(t), 1.1 * form.shown))


def _vessel(middle: Points, radius: Along, shown: Along) -> Vessel:
    return Vessel(np.asarray(middle, np.float32), np.asarray(radius, np.float32), np.asarray(shown, np.float32))
