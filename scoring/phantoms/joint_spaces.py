"""Joint spaces: bring two articular contours to the distance which a grade asks for, without moving the bones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import cKDTree

from scoring.phantoms.body import Body
from scoring.phantoms.bone_outline import Bone, Points
from scoring.phantoms.damage import JointSpace
from scoring.phantoms.hand_anatomy import SPACE_MM, Skeleton

FACING: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "CMC3": (("capitate",), ("MC3",)),
    "CMC4": (("hamate",), ("MC4",)),
    "CMC5": (("hamate",), ("MC5",)),
    "STT": (("scaphoid",), ("trapezium", "trapezoid")),
    "CNL": (("capitate",), ("scaphoid", "lunate")),
    "RC": (("radius",), ("scaphoid", "lunate")),
    "MCP1": (("MC1",), ("PP1",)),
    "IP1": (("PP1",), ("DP1",)),
    **{f"MCP{n}": ((f"MC{n}",), (f"PP{n}",)) for n in range(2, 6)},
    **{f"PIP{n}": ((f"PP{n}",), (f"MP{n}",)) for n in range(2, 6)},
}
"""Bones on the two sides of each joint."""

LINE_POINTS: Final = 80
REACH_MM: Final = 3.6
"""How deep behind its articular surface a bone's contour follows when the joint space changes."""


@dataclass(frozen=True, slots=True, eq=False)
class MiddleLine:
    """The line midway between the facing contours of a joint: points (n, 2) in mm and the space's width at each."""

    points: Points
    widths: Points

    @property
    def centre(self) -> Points:
        """The middle of the line's box."""
        middle: Points = (self.points.min(0) + self.points.max(0)) / 2
        return middle


def middle_line(bones: Mapping[str, Bone], site: str) -> MiddleLine:
    """Find where contours face each other. In the wrist the width follows the place, in fingers it is one number."""
    near, far = ([bones[n].outline for n in names if n in bones] for names in FACING[site])
    first, second = np.concatenate(near), np.concatenate(far)
    distance, partner = cKDTree(second).query(first)
    finger = site[:-1] in SPACE_MM
    facing = distance < np.sort(distance)[6] + (1.6 if finger else 2.6)
    middle, width = (first[facing] + second[partner[facing]]) / 2, distance[facing]
    spread = middle - middle.mean(0)
    along = spread @ np.linalg.svd(spread, full_matrices=False)[2][0]
    order = np.argsort(along)
    even = np.linspace(along.min(), along.max(), LINE_POINTS)
    smooth = 0.05 * LINE_POINTS
    columns = [gaussian_filter1d(np.interp(even, along[order], c[order]), smooth) for c in (*middle.T, width)]
    widths = np.full(LINE_POINTS, np.percentile(width, 30)) if finger else columns[2]
    return MiddleLine(np.stack(columns[:2], 1), np.maximum(widths, 0.4))


def set_joint_spaces(
    skeleton: Skeleton, body: Body, spaces: Mapping[str, JointSpace]
) -> tuple[Skeleton, dict[str, Points]]:
    """Apply every joint's width and tilt. Returns the skeleton and, for fused joints, the line of fusion in mm."""
    bones, centres = dict(skeleton.bones), dict(skeleton.centres)
    fusions: dict[str, Points] = {}
    for site, space in spaces.items():
        line = middle_line(bones, site)
        centres.setdefault(site, line.centre)
        if space.displacement == "luxed" or any(n in skeleton.unseen for side in FACING[site] for n in side):
            continue
        wanted = np.full(LINE_POINTS, SPACE_MM.get(site[:-1], SPACE_MM["wrist"]) * body.size)
        # The cartilage of children is thick: a healthy joint keeps its own wide space, a narrowed one loses it.
        if body.grows and space.share > 0.9:
            wanted = np.maximum(wanted, line.widths)
        for name in (n for side in FACING[site] for n in side):
            moved = _moved(bones[name].outline, line, space, wanted / line.widths)
            bones[name] = replace(bones[name], outline=moved)
        if space.fused:
            fusions[site] = line.points
    return Skeleton(bones, centres, skeleton.unseen), fusions


def _moved(outline: Points, line: MiddleLine, space: JointSpace, stretch: Points) -> Points:
    """Contour points near the joint's middle line drawn towards it (or away), fading out within ``REACH_MM``."""
    distance, index = cKDTree(line.points).query(outline)
    share = (space.share * (1.0 + space.tilt * np.linspace(-1.0, 1.0, LINE_POINTS)) * stretch)[index]
    # Contour points beyond the ends of the line belong to other joints.
    ended = np.minimum(index, LINE_POINTS - 1 - index) == 0
    fade = np.clip((distance - line.widths[index] / 2) / REACH_MM, 0.0, 1.0)
    fade = np.where(ended, np.clip(fade * 1.5, 0.0, 1.0), fade)
    fade = fade * fade * (3.0 - 2.0 * fade)
    factor = share + (1.0 - share) * fade
    shift = (outline - line.points[index]) * (factor[:, None] - 1.0)
    # Neighbouring contour points may answer to different middles; smoothing keeps the contour free of kinks.
    result: Points = outline + gaussian_filter1d(shift, 1.5, axis=0, mode="wrap")
    return result
