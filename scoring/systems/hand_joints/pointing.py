"""Does the heatmap point at the damage? One damaged joint a phantom: its box must hold the hottest point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from scoring.phantoms.hand import HandPhantom, draw_hand
from scoring.phantoms.seeded import stream
from scoring.score_rules.sharp_van_der_heijde import HIGHEST_GRADE, ITEMS, SITES, SITES_OF
from scoring.systems.hand_joints.grading import grade_crops
from scoring.systems.hand_joints.interpretation import DamageExplainer, film_heatmap
from scoring.systems.hand_joints.network import JointGrader
from scoring.systems.hand_joints.preprocessing import cut_crops, frame_of_centres, normalised, site_boxes

_FIRST_SEED: Final = 920_000
_SPACING_MM: Final = 0.4
"""Coarse, so that a hundred phantoms are drawn in seconds."""
_LEAST_GRADE: Final = 2


@dataclass(frozen=True)
class DamagedJoint:
    """A phantom hand that is healthy but for one site."""

    phantom: HandPhantom
    site: str


def damaged_joints(count: int) -> list[DamagedJoint]:
    """Phantoms with one damaged joint each, every item of it graded at least 2; sites in turn, children among them."""
    joints: list[DamagedJoint] = []
    seed = _FIRST_SEED
    while len(joints) < count:
        chance = stream(seed, "damaged joint")
        site = SITES[len(joints) % len(SITES)]
        grades = {
            (site, item): int(chance.integers(_LEAST_GRADE, HIGHEST_GRADE[item] + 1))
            for item in ITEMS
            if site in SITES_OF[item]
        }
        phantom = draw_hand(seed, grades=grades, spacing_mm=_SPACING_MM)
        if site in phantom.visible:
            joints.append(DamagedJoint(phantom, site))
        seed += 1
    return joints


def count_hits(grader: JointGrader, joints: Sequence[DamagedJoint]) -> int:
    """On how many phantoms the hottest point of the film's heatmap lies in the damaged joint's box."""
    explainer = DamageExplainer(grader)
    return sum(_points_at_it(grader, explainer, joint) for joint in joints)


def shuffled(seed: int) -> JointGrader:
    """A grader with random weights: the control that must not point at the damage."""
    torch.manual_seed(seed)
    grader = JointGrader()
    grader.eval()
    return grader.requires_grad_(False)


def _points_at_it(grader: JointGrader, explainer: DamageExplainer, joint: DamagedJoint) -> bool:
    phantom = joint.phantom
    frame = frame_of_centres(phantom.centres, phantom.side)
    crops = normalised(cut_crops(phantom.pixels, frame))
    damage = grade_crops(grader, crops).damage().astype(np.float32)
    heat = explainer.heat(torch.from_numpy(crops)[:, None], torch.arange(len(SITES)), damage)
    rows, columns = phantom.pixels.shape
    grid = film_heatmap(heat, [frame], (rows, columns))
    row, column = np.unravel_index(int(grid.argmax()), grid.shape)
    x, y = (column + 0.5) * columns / grid.shape[1] - 0.5, (row + 0.5) * rows / grid.shape[0] - 0.5
    x0, y0, x1, y1 = site_boxes(frame, phantom.pixels.shape)[SITES.index(joint.site)]
    return bool(x0 <= x <= x1 and y0 <= y <= y1)
