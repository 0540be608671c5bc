"""Where a hand lies on its film: turn, mirror, exposed field, and the place of the side letter."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scoring.phantoms.bone_box import Grid, Plane
from scoring.phantoms.film_style import FilmStyle
from scoring.phantoms.graded_hand import GradedHand
from scoring.phantoms.seeded import stream
from scoring.score_rules.sharp_van_der_heijde import Side


def turn(side: Side, degrees: float) -> npt.NDArray[np.float64]:
    """The matrix that mirrors a right hand and turns it by ``degrees``; points in mm are multiplied from the left."""
    a = np.deg2rad(degrees)
    mirror = np.diag([1.0 if side == "L" else -1.0, 1.0])
    result: npt.NDArray[np.float64] = mirror @ np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
    return result


def field_extent(hand: GradedHand, style: FilmStyle) -> tuple[float, float, float, float]:
    """Left, top, right, bottom (mm, turned and mirrored, margins included) of the exposed field."""
    flesh = 9.5 * hand.body.size
    outlines = [b.outline for b in hand.skeleton.bones.values() if b.name not in ("radius", "ulna")]
    points = np.concatenate([*outlines, np.array([[-34.0, 0.0], [34.0, 0.0]]) * hand.body.size])
    points = points @ turn(hand.side, style.degrees)
    (left, top), (right, _) = points.min(0) - flesh, points.max(0) + flesh
    m = style.margins_mm
    bottom = max(points[-2:, 1].max() + style.forearm_mm * hand.body.size, points[:, 1].max() + 8.0)
    return left - m[0], top - m[1], right + m[2], bottom + m[3]


def picture_grid(
    side: Side, style: FilmStyle, spacing_mm: float, extent: tuple[float, float, float, float], rim: float | None = None
) -> Grid:
    left, top, right, bottom = extent
    """The pixels of a field, with the rim that the collimation hides (``rim`` in mm; ``None``: the film's own)."""
    edge = style.frame_mm if rim is None else rim
    columns, rows = (round((b - a + 2 * edge) / spacing_mm) for a, b in ((left, right), (top, bottom)))
    shift = np.array([edge - left, edge - top]) / spacing_mm - 0.5
    return Grid(turn(side, style.degrees) / spacing_mm, shift, spacing_mm, rows, columns)


def marker_places(hand: GradedHand, grid: Grid, style: FilmStyle, soft: Plane) -> tuple[tuple[Side, float, float], ...]:
    """The side letter lies beside the fingers or the wrist, at the first drawn place that the hand leaves free."""
    if not style.marker:
        return ()
    rng = stream(hand.seed, "marker " + hand.side)
    beside = np.array([(78.0, -125.0), (62.0, -165.0), (60.0, 12.0), (-62.0, -10.0), (-72.0, -118.0), (-66.0, -165.0)])
    edge, half = (style.frame_mm + 9.0) / grid.spacing_mm, round(9.0 / grid.spacing_mm)
    for place in rng.permutation(beside):
        x, y = grid.pixels(place * hand.body.hand_length / 180.0 + rng.normal(0.0, 4.0, 2))
        x, y = float(np.clip(x, edge, grid.columns - edge)), float(np.clip(y, edge, grid.rows - edge))
        under = soft[max(int(y) - half, 0) : int(y) + half, max(int(x) - half, 0) : int(x) + half]
        if under.size and float(under.max()) < 6.0:
            return ((hand.side, x, y),)
    return ()
