"""A parametric hand radiograph that looks like a film, with exact truth.

Truth is assigned and the drawing obeys it: site centres, Sharp/van der Heijde grades, side, open growth plates.
Conventions of the centres: finger joints and carpometacarpal joints, STT, CNL, RC: the middle of the joint space;
MC1B: the articular base of metacarpal 1; TRAPEZIUM, SCAPHOID, LUNATE: the middle of the bone; RADIUS: the middle of
its end, about 2.5 mm below the joint surface; ULNA: the middle of its head.
A site whose bone a young child does not have yet is not ``visible`` and has grade 0; its centre is where it will be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.phantoms.bone_drawing import Grid, Plane, add_bone
from scoring.phantoms.bone_outline import Bone, Points
from scoring.phantoms.damage import Grades, joint_space, no_damage, sample_grades
from scoring.phantoms.erosions import OWN_BONES, Notch, erode
from scoring.phantoms.film import FilmStyle, develop, field_inset_px, sample_film
from scoring.phantoms.hand_anatomy import Body, Skeleton, grow_skeleton, sample_body
from scoring.phantoms.joint_spaces import FACING, set_joint_spaces
from scoring.phantoms.seeded import stream
from scoring.phantoms.soft_tissue import soft_tissue
from scoring.score_rules.sharp_van_der_heijde import HIGHEST_GRADE, SITES, SITES_OF, Item, Side

SHARE_OF_CHILDREN: Final = 0.4


@dataclass(frozen=True)
class HandPhantom:
    """One synthetic hand film and its truth. ``pixels``: (rows, columns) 0..1; ``centres``: (x, y) pixels by site."""

    pixels: npt.NDArray[np.float32]
    spacing_mm: float
    side: Side
    centres: Mapping[str, tuple[float, float]]
    visible: frozenset[str]
    grades: Mapping[tuple[str, Item], int]
    grows: bool
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class _Hand:
    """A hand in mm, before any film."""

    seed: int
    side: Side
    body: Body
    skeleton: Skeleton
    fusions: Mapping[str, Points]
    notches: tuple[Notch, ...]
    grades: Mapping[tuple[str, Item], int]


def draw_hand(
    seed: int,
    *,
    side: Side | None = None,
    grades: Grades | None = None,
    severity: float | None = None,
    spacing_mm: float = 0.25,
    grows: bool | None = None,
    film: FilmStyle | None = None,
) -> HandPhantom:
    """Draw one hand. The same arguments give the same pixels on every machine.

    Args:
        seed: 0 or above; everything not given is drawn from it.
        side: patient's side; ``None`` draws one.
        grades: grade by (site, item); keys left out are 0. ``None`` draws them, see ``severity``.
        severity: 0 (healthy) to 1, used only when ``grades`` is ``None``.
        spacing_mm: pixel size, 0.2 to 0.6 mm.
        grows: open growth plates; ``None`` draws a child in 40 % of cases.
        film: the film's nuisance; ``None`` draws one.

    Raises:
        ValueError: a grade key that does not exist, or a grade beyond its scale.
    """
    style = film or sample_film(stream(seed, "film"))
    chosen: Side = side or ("L" if stream(seed, "side").uniform() < 0.5 else "R")
    hand = _grow_hand(seed, chosen, grades, severity, grows)
    extent = _extent(hand, style)
    grid = _grid(hand.side, style, spacing_mm, extent)
    soft, bone = _thickness(hand, grid)
    markers = _markers(hand, grid, style, soft)
    pixels = develop(stream(seed, "grain"), soft, bone, style, spacing_mm, markers)
    return _phantom(hand, grid, style, pixels)


def draw_both_hands(
    seed: int,
    *,
    grades: Mapping[Side, Grades] | None = None,
    severity: float | None = None,
    spacing_mm: float = 0.25,
    grows: bool | None = None,
    film: FilmStyle | None = None,
) -> tuple[npt.NDArray[np.float32], float, tuple[HandPhantom, HandPhantom]]:
    """Draw both hands of one person on one film: the right hand on the viewer's left, thumbs outwards.

    Returns the common picture, its spacing in mm, and the right and the left hand, whose ``pixels`` are the common
    picture and whose centres are in its coordinates.
    """
    style = film or sample_film(stream(seed, "film"))
    grown_up = grows if grows is not None else bool(stream(seed, "grows").uniform() < SHARE_OF_CHILDREN)
    hands = [
        _grow_hand(seed, side, grades.get(side) if grades else None, severity, grown_up, pair=True)
        for side in ("R", "L")
    ]
    left_l, top_l, right_l, bottom_l = style.margins_mm
    gap = 8.0 + 0.3 * left_l
    styles = [
        replace(style, margins_mm=(left_l, top_l, gap / 2, bottom_l)),
        replace(style, margins_mm=(gap / 2, top_l, right_l, bottom_l), degrees=-style.degrees),
    ]
    extents = [_extent(hand, own) for hand, own in zip(hands, styles, strict=True)]
    top, bottom = min(e[1] for e in extents), max(e[3] for e in extents)
    rim = style.frame_mm
    (left, _, inner_right, _), (inner_left, _, right, _) = extents
    extents = [(left - rim, top - rim, inner_right, bottom + rim), (inner_left, top - rim, right + rim, bottom + rim)]
    grids = [_grid(h.side, s, spacing_mm, e, rim=0.0) for h, s, e in zip(hands, styles, extents, strict=True)]
    planes = [_thickness(hand, grid) for hand, grid in zip(hands, grids, strict=True)]
    soft, bone = (np.hstack([p[i] for p in planes]) for i in range(2))
    placed = [
        replace(grid, shift=grid.shift + np.array([offset, 0]), rows=soft.shape[0], columns=soft.shape[1])
        for grid, offset in zip(grids, (0, grids[0].columns), strict=True)
    ]
    markers = tuple(m for hand, grid in zip(hands, placed, strict=True) for m in _markers(hand, grid, style, soft))
    pixels = develop(stream(seed, "grain"), soft, bone, style, spacing_mm, markers)
    right_hand, left_hand = (_phantom(hand, grid, style, pixels) for hand, grid in zip(hands, placed, strict=True))
    return pixels, spacing_mm, (right_hand, left_hand)


def _grow_hand(
    seed: int, side: Side, grades: Grades | None, severity: float | None, grows: bool | None, pair: bool = False
) -> _Hand:
    """``pair``: both hands come from one body, but each has its own pose and damage."""
    own = f" {side}" if pair else ""
    child = grows if grows is not None else bool(stream(seed, "grows").uniform() < SHARE_OF_CHILDREN)
    body = sample_body(stream(seed, "body"), child)
    given = sample_grades(stream(seed, "grades" + own), severity) if grades is None else _checked(grades)
    spaces = {site: joint_space(stream(seed, f"narrowing {site}{own}"), site, given[site, "narrowing"])
              for site in SITES_OF["narrowing"]}
    grown = grow_skeleton(stream(seed, "skeleton" + own), body, spaces)
    truth = {key: 0 if _absent(key[0], grown.unseen) else grade for key, grade in given.items()}
    skeleton, fusions = set_joint_spaces(grown, body, spaces)
    notches = tuple(
        notch
        for site in SITES_OF["erosion"]
        for notch in erode(stream(seed, f"erosion {site}{own}"), skeleton.bones, site, truth[site, "erosion"], body)
    )
    return _Hand(seed, side, body, skeleton, fusions, notches, truth)


def _checked(grades: Grades) -> dict[tuple[str, Item], int]:
    full = no_damage()
    for (site, item), grade in grades.items():
        if (site, item) not in full or not 0 <= grade <= HIGHEST_GRADE[item]:
            raise ValueError(f"A grade of the Sharp/van der Heijde score was wanted, found {site} {item} = {grade}.")
        full[site, item] = int(grade)
    return full


def _absent(site: str, unseen: frozenset[str]) -> bool:
    """A site that cannot be graded because a bone of it has not appeared yet."""
    names = {OWN_BONES[site]} if site in OWN_BONES else {n for bones in FACING.get(site, ()) for n in bones}
    return bool(names & unseen)


def _turn(side: Side, degrees: float) -> npt.NDArray[np.float64]:
    a = np.deg2rad(degrees)
    mirror = np.diag([1.0 if side == "L" else -1.0, 1.0])
    result: npt.NDArray[np.float64] = mirror @ np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
    return result


def _extent(hand: _Hand, style: FilmStyle) -> tuple[float, float, float, float]:
    """Left, top, right, bottom (mm, turned and mirrored, margins included) of the exposed field."""
    flesh = 9.5 * hand.body.size
    outlines = [b.outline for b in hand.skeleton.bones.values() if b.name not in ("radius", "ulna")]
    points = np.concatenate([*outlines, np.array([[-34.0, 0.0], [34.0, 0.0]]) * hand.body.size])
    points = points @ _turn(hand.side, style.degrees)
    (left, top), (right, _) = points.min(0) - flesh, points.max(0) + flesh
    m = style.margins_mm
    bottom = max(points[-2:, 1].max() + style.forearm_mm * hand.body.size, points[:, 1].max() + 8.0)
    return left - m[0], top - m[1], right + m[2], bottom + m[3]


def _grid(
    side: Side, style: FilmStyle, spacing_mm: float, extent: tuple[float, float, float, float], rim: float | None = None
) -> Grid:
    left, top, right, bottom = extent
    edge = style.frame_mm if rim is None else rim
    columns, rows = (round((b - a + 2 * edge) / spacing_mm) for a, b in ((left, right), (top, bottom)))
    shift = np.array([edge - left, edge - top]) / spacing_mm - 0.5
    return Grid(_turn(side, style.degrees) / spacing_mm, shift, spacing_mm, rows, columns)


def _thickness(hand: _Hand, grid: Grid) -> tuple[Plane, Plane]:
    """Soft tissue and bone mineral in mm."""
    bone = np.zeros((grid.rows, grid.columns), np.float32)
    grown = float(np.clip((hand.body.age - 4.0) / 12.5, 0.0, 1.0))
    for name, part in hand.skeleton.bones.items():
        if name in hand.skeleton.unseen:
            continue
        lines = [line for site, line in hand.fusions.items() if any(name in names for names in FACING[site])]
        add_bone(
            bone, part, grid,
            rng=stream(hand.seed, "texture " + name),
            mineral=hand.body.mineral,
            grown=grown,
            notches=[n for n in hand.notches if n.bone == name],
            fusion=np.concatenate(lines) if lines else None,
        )  # fmt: skip
    rng = stream(hand.seed, "small bones")
    for small, share in _small_bones(rng, hand):
        add_bone(bone, small, grid, rng=rng, mineral=hand.body.mineral * share, grown=1.0)
    return soft_tissue(stream(hand.seed, "flesh"), hand.skeleton, hand.body, grid), bone


def _small_bones(rng: np.random.Generator, hand: _Hand) -> list[tuple[Bone, float]]:
    """Up to two sesamoids at the head of metacarpal 1 and the hook of the hamate, with their share of full density."""
    if hand.body.age < 11.5:
        return []
    thumb, hamate, size = hand.skeleton.bones["MC1"], hand.skeleton.bones["hamate"], hand.body.size
    hook = hamate.outline.mean(0) + np.array([1.4, -0.6]) * size + rng.normal(0.0, 0.5, 2)
    found = [(_pebble("hook", hook, (1.8 * size, 2.6 * size)), float(rng.uniform(0.2, 0.7)))]
    for side in rng.permutation([-1.0, 1.0])[: int(rng.integers(0, 3))]:
        across = float(side * rng.uniform(0.5, 1.05)) * thumb.half_widths[2]
        middle = thumb.place(thumb.length - float(rng.uniform(2.0, 4.5)), across)
        radius = float(rng.uniform(1.5, 2.4)) * size
        found.append((_pebble("sesamoid", middle, (radius, radius * float(rng.uniform(0.75, 1.0)))), 1.0))
    return found


def _pebble(name: str, middle: Points, radii: tuple[float, float]) -> Bone:
    circle = np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False)
    outline = middle + np.stack([np.cos(circle), np.sin(circle)], 1) * np.array(radii)
    up = np.array([0.0, -radii[1]])
    return Bone(name, outline, middle - up, middle + up, (min(radii), min(radii), min(radii)), tube=False)


def _markers(hand: _Hand, grid: Grid, style: FilmStyle, soft: Plane) -> tuple[tuple[Side, float, float], ...]:
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


def _phantom(hand: _Hand, grid: Grid, style: FilmStyle, pixels: Plane) -> HandPhantom:
    places = {site: grid.pixels(hand.skeleton.centres[site]) for site in SITES}
    edge = field_inset_px(style, grid.spacing_mm)
    visible = frozenset(
        site
        for site, (x, y) in places.items()
        if edge <= x < grid.columns - edge and edge <= y < grid.rows - edge and not _absent(site, hand.skeleton.unseen)
    )
    centres = {site: (float(p[0]), float(p[1])) for site, p in places.items()}
    grades, grows = dict(hand.grades), hand.body.grows
    return HandPhantom(pixels, grid.spacing_mm, hand.side, centres, visible, grades, grows, hand.seed)
