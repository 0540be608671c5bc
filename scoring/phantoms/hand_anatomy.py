"""One person's hand: the template varied in length, width, splay, flexion and age, every joint where it belongs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from scoring.phantoms.body import Body
from scoring.phantoms.bone_outline import Bone, LongBone, Points, long_bone_corners, smooth_closed
from scoring.phantoms.carpals import grow_carpals, to_mm
from scoring.phantoms.damage import JointSpace
from scoring.phantoms.hand_template import FOREARM, FOREARM_AXES, RAYS, Segment

SPACE_MM: Final = {"MCP": 2.1, "PIP": 1.6, "IP": 1.7, "DIP": 1.4, "wrist": 1.8}
"""Healthy width of joint spaces in a hand of 180 mm; a little wider than in life so that steps stay separable."""


@dataclass(frozen=True, slots=True, eq=False)
class Skeleton:
    """Bones by name, centres by site, carpal bones not yet seen at this age; mm, thumb to +x, fingers to -y."""

    bones: Mapping[str, Bone]
    centres: Mapping[str, Points]
    unseen: frozenset[str]


def turned(vector: Points, degrees: float) -> Points:
    """``vector`` turned clockwise on the screen (y down)."""
    a = np.deg2rad(degrees)
    matrix = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    result: Points = vector @ matrix.T
    return result


def grow_skeleton(rng: np.random.Generator, body: Body, spaces: Mapping[str, JointSpace]) -> Skeleton:
    """Place all bones of one hand with healthy joint spaces; luxed and subluxed fingers are already displaced."""
    bones: dict[str, Bone] = {}
    centres: dict[str, Points] = {}
    for ray in RAYS:
        _grow_ray(rng, body, ray, spaces, bones, centres)
    unseen = grow_carpals(rng, body, bones)
    for name, outline in FOREARM.items():
        base, head, widths = FOREARM_AXES[name]
        corners = to_mm(np.array(outline), body) * np.array([1.0 + 0.4 * (body.width - 1.0), 1.0])
        physis = _physes(body, name, 0.0)
        bones[name] = Bone(
            name,
            smooth_closed(corners),
            to_mm(np.array(base), body),
            to_mm(np.array(head), body),
            (widths[0] * body.unit / 2, widths[1] * body.unit / 2, widths[2] * body.unit / 2),
            tube=True,
            physis_mm=tuple(float(np.hypot(*(np.subtract(head, base)))) * body.unit - p for p in physis),
            epiphysis_width=_epiphysis_width(body),
        )
    centres["MC1B"] = bones["MC1"].base
    for site, name in (("SCAPHOID", "scaphoid"), ("LUNATE", "lunate"), ("TRAPEZIUM", "trapezium")):
        centres[site] = bones[name].outline.mean(0)
    centres["RADIUS"] = to_mm(np.array([462.0, 1030.0]), body)
    centres["ULNA"] = to_mm(np.array([338.0, 1038.0]), body)
    return Skeleton(bones, centres, unseen)


def _epiphysis_width(body: Body) -> float:
    return float(np.clip(0.62 + 0.035 * (body.age - 4.0), 0.6, 1.0))


def _physes(body: Body, name: str, length: float) -> tuple[float, ...]:
    """Distances of the growth plate from the base (phalanges, metacarpal 1) or from the head (all others), in mm."""
    if not body.grows:
        return ()
    grown = np.clip((body.age - 4.0) / 12.0, 0.0, 1.0)
    if name in ("radius", "ulna"):
        return (float((5.0 + 4.0 * grown) * body.size),)
    if name.startswith("MC") and name != "MC1":
        return (length - float((4.5 + 3.0 * grown) * body.size),)
    return (float((1.9 + 1.2 * grown) * body.size * (0.8 if name.startswith("D") else 1.0)),)


def _grow_ray(
    rng: np.random.Generator,
    body: Body,
    ray: int,
    spaces: Mapping[str, JointSpace],
    bones: dict[str, Bone],
    centres: dict[str, Points],
) -> None:
    """Chain the bones of one finger from its metacarpal base to the tip."""
    segments = RAYS[ray]
    stretch = float(rng.normal(1.0, 0.02))
    splay = body.splay * {1: 8.0, 2: 5.0, 3: 0.0, 4: -5.0, 5: -10.0}[ray] + float(rng.normal(0.0, 1.6))
    bends = [float(rng.normal(0.0, 5.0 if ray == 1 else 0.7)), splay, *(float(rng.normal(0.0, 2.0)) for _ in range(2))]
    start = to_mm(np.array(segments[0].base), body)
    angle = 0.0
    for index, segment in enumerate(segments):
        angle += bends[index]
        bone = _long_bone(rng, body, segment, start, angle, stretch)
        bones[segment.name] = bone
        if index + 1 == len(segments):
            return
        site = _joint_name(ray, index)
        ahead = np.subtract(segments[index + 1].head, segments[index + 1].base).astype(np.float64)
        ahead = turned(ahead / np.hypot(*ahead), angle + bends[index + 1])
        across = np.array([-ahead[1], ahead[0]])
        space = SPACE_MM[site[:-1]] * body.size
        centres[site] = bone.head + ahead * space / 2
        start = bone.head + ahead * space
        moved = spaces[site].displacement if site in spaces else "none"
        if moved != "none":
            side = 1.0 if spaces[site].tilt >= 0 else -1.0
            reach = 0.30 if moved == "subluxed" else 1.15
            start = start + across * side * reach * bone.half_widths[2] - ahead * (4.5 * body.size * (moved == "luxed"))


def _joint_name(ray: int, index: int) -> str:
    names = ("MCP", "IP") if ray == 1 else ("MCP", "PIP", "DIP")
    return f"{names[index]}{ray}"


def _long_bone(
    rng: np.random.Generator, body: Body, segment: Segment, start: Points, angle: float, stretch: float
) -> Bone:
    vector = turned(np.subtract(segment.head, segment.base).astype(np.float64), angle) * body.unit
    vector = vector * stretch * float(rng.normal(1.0, 0.015))
    length = float(np.hypot(*vector))
    own = body.width * float(rng.normal(1.0, 0.025)) * body.unit / 2
    base, waist, head = segment.widths
    half_widths = (base * own, waist * own * float(rng.normal(1.0, 0.03)), head * own)
    kind: LongBone = "metacarpal" if segment.name[0] == "M" and segment.name[1] == "C" else "phalanx"
    kind = "distal" if segment.name[0] == "D" else kind
    corners = long_bone_corners(kind, length, half_widths)
    corners = corners + rng.normal(0.0, 0.012, corners.shape) * np.array([half_widths[1], half_widths[1]]) * 2
    if segment.name.endswith("1"):
        # The thumb is seen from the side.
        corners[:, 0] *= np.where(corners[:, 0] > 0.0, 1.1, 0.92)
    # Metacarpals and phalanges bow a little, and one side is never the mirror image of the other.
    corners[:, 0] += float(rng.normal(0.0, 0.012)) * length * np.sin(np.pi * np.clip(corners[:, 1] / length, 0, 1))
    axis = vector / length
    across = np.array([-axis[1], axis[0]])
    outline = start + corners[:, :1] * across + corners[:, 1:] * axis
    return Bone(
        segment.name,
        smooth_closed(outline),
        start,
        start + vector,
        half_widths,
        tube=True,
        physis_mm=_physes(body, segment.name, length),
        epiphysis_width=_epiphysis_width(body),
    )
