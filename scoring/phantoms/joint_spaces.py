"""Joint spaces: bring two articular contours to the distance which a grade asks for, without moving the bones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import cKDTree

from scoring.phantoms.bone_outline import Bone, Points
from scoring.phantoms.damage import JointSpace
from scoring.phantoms.hand_anatomy import SPACE_MM, Body, Skeleton

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

REACH_MM: Final = 4.2
"""Contours farther than this from the middle of a joint space stay where they are."""


def joint_middle(bones: Mapping[str, Bone], site: str, slack_mm: float = 1.6) -> tuple[Points, float]:
    """Points midway between the facing contours of a joint, and the width of its space in mm."""
    near, far = ([bones[n].outline for n in names if n in bones] for names in FACING[site])
    first, second = np.concatenate(near), np.concatenate(far)
    distance, partner = cKDTree(second).query(first)
    narrowest = np.percentile(np.sort(distance)[:12], 50)
    facing = distance < narrowest + slack_mm
    middle: Points = (first[facing] + second[partner[facing]]) / 2
    return middle, float(np.percentile(distance[facing], 30))


def set_joint_spaces(
    skeleton: Skeleton, body: Body, spaces: Mapping[str, JointSpace]
) -> tuple[Skeleton, dict[str, Points]]:
    """Apply every joint's width and tilt. Returns the skeleton and, for fused joints, the line of fusion in mm."""
    bones, centres = dict(skeleton.bones), dict(skeleton.centres)
    fusions: dict[str, Points] = {}
    for site, space in spaces.items():
        middle, width = joint_middle(bones, site)
        if site not in centres:
            centres[site] = (middle.min(0) + middle.max(0)) / 2
        if space.displacement == "luxed" or any(n in skeleton.unseen for side in FACING[site] for n in side):
            continue
        healthy = SPACE_MM.get(site[:-1], SPACE_MM["wrist"]) * body.size
        # The cartilage of children is thick: a healthy joint keeps its own wide space, a narrowed one loses it.
        wanted = max(healthy, width) if body.grows and space.share > 0.9 else healthy
        for name in (n for side in FACING[site] for n in side):
            moved = _moved(bones[name].outline, middle, space, wanted / max(width, 0.4))
            bones[name] = replace(bones[name], outline=moved)
        if space.fused:
            fusions[site] = middle
    return Skeleton(bones, centres, skeleton.unseen), fusions


def _moved(outline: Points, middle: Points, space: JointSpace, stretch: float) -> Points:
    """Contour points near the joint's middle line drawn towards it (or away), fading out within ``REACH_MM``."""
    distance, index = cKDTree(middle).query(outline)
    spread = middle - middle.mean(0)
    direction = np.linalg.svd(spread, full_matrices=False)[2][0]
    along = spread @ direction
    along = along / max(float(np.abs(along).max()), 1e-6)
    share = (space.share * (1.0 + space.tilt * along) * stretch)[index]
    fade = np.clip((distance - 0.6) / (REACH_MM - 0.6), 0.0, 1.0)
    fade = fade * fade * (3.0 - 2.0 * fade)
    factor = share + (1.0 - share) * fade
    shift = (outline - middle[index]) * (factor[:, None] - 1.0)
    # Neighbouring contour points may answer to different middles; smoothing keeps the contour free of kinks.
    result: Points = outline + gaussian_filter1d(shift, 1.5, axis=0, mode="wrap")
    return result
