"""Does the grader's own map point at the damage, with joints where they truly are? Hits on phantoms with one damaged
joint. What the whole chain does with found joints is measured by ``scoring.evaluation.pointing``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from scoring.anatomy.heat_on_film import heat_on_film
from scoring.evaluation.damaged_joints import DamagedJoint
from scoring.networks.shuffled_weights import shuffled_weights
from scoring.score_rules.sharp_van_der_heijde import SITES
from scoring.systems.hand_joints.grading import grade_crops
from scoring.systems.hand_joints.interpretation import DamageExplainer
from scoring.systems.hand_joints.network import JointGrader
from scoring.systems.hand_joints.preprocessing import crop_affines, cut_crops, frame_of_centres, normalised


def count_hits(grader: JointGrader, joints: Sequence[DamagedJoint]) -> int:
    """On how many phantoms the hottest point of the film's heatmap lies in the damaged joint's box."""
    explainer = DamageExplainer(grader)
    return sum(joint.hit_by(_heat_of(grader, explainer, joint)) for joint in joints)


def count_hits_when_shuffled(grader: JointGrader, joints: Sequence[DamagedJoint], seed: int) -> int:
    """The same with the grader's weights in another order: the control that must not point at the damage."""
    with shuffled_weights([grader], seed):
        return count_hits(grader, joints)


def _heat_of(grader: JointGrader, explainer: DamageExplainer, joint: DamagedJoint) -> npt.NDArray[np.uint8]:
    phantom = joint.phantom
    frame = frame_of_centres(phantom.centres, phantom.side)
    crops = normalised(cut_crops(phantom.pixels, frame))
    damage = grade_crops(grader, crops).damage().astype(np.float32)
    heat = explainer.heat(torch.from_numpy(crops)[:, None], torch.arange(len(SITES)), damage)
    rows, columns = phantom.pixels.shape
    return heat_on_film(heat, crop_affines(frame), (rows, columns))
