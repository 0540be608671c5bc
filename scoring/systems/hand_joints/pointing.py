"""Does the heatmap point at the damage? One damaged joint a phantom: its box must hold the hottest point."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from scoring.evaluation.damaged_joints import DamagedJoint
from scoring.score_rules.sharp_van_der_heijde import SITES
from scoring.systems.hand_joints.grading import grade_crops
from scoring.systems.hand_joints.interpretation import DamageExplainer, film_heatmap
from scoring.systems.hand_joints.network import JointGrader
from scoring.systems.hand_joints.preprocessing import cut_crops, frame_of_centres, normalised, site_boxes


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
