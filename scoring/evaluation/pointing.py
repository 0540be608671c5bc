"""Does the heatmap point where the damage is? Measured on phantoms with one damaged joint, through the whole system.

A picture of heat looks convincing wherever it lies. Four figures say more: the share of heat in the boxes of scored
joints; how often the hottest point lies in the damaged joint's box; how fast the score falls when the hottest places
are healed (a deletion curve as of Samek et al., IEEE TNNLS 2017;28:2660, with the same hand's healthy pixels put in,
for a place blurred or blackened would look damaged), beside the same area at the mirrored place; and how often the
hottest point hits with weights shuffled, for a map that does not depend on what was learnt explains nothing (Adebayo
et al., NeurIPS 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from scipy.ndimage import zoom

from scoring.agreement.bootstrap import Estimate, estimate
from scoring.contract import Findings, ScoringContext, ScoringSystem
from scoring.evaluation.damaged_joints import DamagedJoint, damaged_joints, joint_boxes
from scoring.image import ScoringImage
from scoring.learning.progress import Progress, silent
from scoring.study import TrialContext, read_image_reference

HEALED_SHARES: Final = (0.0, 0.0005, 0.001, 0.002, 0.005, 0.01)
"""Of the film's area, hottest first; a joint's box is about two hundredths."""
_HEALED_PHANTOMS: Final = 4
_SEED: Final = 5


@dataclass(frozen=True, slots=True)
class Pointing:
    """Shares from 0 to 1, with intervals by drawing phantoms.

    ``curve`` and ``control``: the share of what damage adds to the score that is left after each of ``HEALED_SHARES``
    was healed, hottest first and at the mirrored place; empty where damage added nothing.
    """

    phantoms: int
    method: str
    in_joint_boxes: Estimate
    in_damaged_box: Estimate
    hits: Estimate
    hits_with_shuffled_weights: Estimate | None
    curve: tuple[float, ...]
    control: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Pointed:
    in_boxes: float
    in_box: float
    hit: bool


def measure_pointing(system: ScoringSystem, phantoms: int, progress: Progress = silent) -> Pointing | None:
    """The four figures; ``None`` when the system hands out no heatmap for any of the phantoms."""
    from scoring.networks.shuffled_weights import LearntSystem, shuffled_weights  # loads torch

    joints = damaged_joints(phantoms)
    pointed = _all_pointed(system, joints, "heatmaps tried", progress)
    found = [(joint, one) for joint, one in zip(joints, pointed, strict=True) if one is not None]
    if not found:
        return None
    shuffled = None
    if isinstance(system, LearntSystem):
        with shuffled_weights(system.networks, _SEED):
            blind = _all_pointed(system, joints, "heatmaps of shuffled weights tried", progress)
        shuffled = _share([one is not None and one.hit for one in blind])
    curve, control = deletion_curves(system, [joint for joint, _ in found][:_HEALED_PHANTOMS], progress)
    heatmaps = _scored(system, found[0][0].phantom.pixels).heatmaps
    return Pointing(
        len(joints),
        heatmaps[0].method,
        _share([one.in_boxes for _, one in found]),
        _share([one.in_box for _, one in found]),
        _share([one is not None and one.hit for one in pointed]),
        shuffled,
        curve,
        control,
    )


def deletion_curves(
    system: ScoringSystem, joints: Sequence[DamagedJoint], progress: Progress = silent
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """What is left of the damage's share in the score, on average, and the same for the mirrored place."""
    left: list[list[list[float]]] = [[], []]
    for number, joint in enumerate(joints, 1):
        damaged, healthy = joint.phantom.pixels, joint.healed().pixels
        before = _scored(system, damaged)
        heat = _heat_of(before, damaged.shape)
        least = _total(_scored(system, healthy))
        excess = _total(before) - least
        if heat is not None and excess > 0:
            for kind, order in enumerate((heat, heat[:, ::-1])):
                scores = [
                    _total(_scored(system, _healed(damaged, healthy, order, share))) for share in HEALED_SHARES[1:]
                ]
                left[kind].append([1.0, *((score - least) / excess for score in scores)])
        progress("hottest places healed", number, len(joints))
    hottest, mirrored = (tuple(np.mean(curves, axis=0).tolist()) if curves else () for curves in left)
    return hottest, mirrored


def _all_pointed(
    system: ScoringSystem, joints: Sequence[DamagedJoint], what: str, progress: Progress
) -> list[_Pointed | None]:
    pointed = []
    for number, joint in enumerate(joints, 1):
        pointed.append(_pointed(joint, _scored(system, joint.phantom.pixels)))
        progress(what, number, len(joints))
    return pointed


def _pointed(joint: DamagedJoint, findings: Findings) -> _Pointed | None:
    shape = joint.phantom.pixels.shape
    heat = _heat_of(findings, shape)
    if heat is None:
        return None
    boxes = joint_boxes(joint.phantom.centres)
    y, x = np.mgrid[: shape[0], : shape[1]]
    inside = {site: (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1) for site, (x0, y0, x1, y1) in boxes.items()}
    anywhere = np.any(list(inside.values()), axis=0)
    whole = float(heat.sum())
    own = inside[joint.site]
    return _Pointed(float(heat[anywhere].sum()) / whole, float(heat[own].sum()) / whole, joint.hit_by(heat))


def _heat_of(findings: Findings, shape: tuple[int, ...]) -> npt.NDArray[np.float32] | None:
    """The heat on the film's own grid; ``None`` where there is none at all."""
    if not findings.heatmaps or not findings.heatmaps[0].grid.any():
        return None
    grid = findings.heatmaps[0].grid.astype(np.float32)
    return np.asarray(zoom(grid, np.divide(shape, grid.shape), order=1, grid_mode=True, mode="nearest"), np.float32)


def _healed(
    damaged: npt.NDArray[np.float32], healthy: npt.NDArray[np.float32], order: npt.NDArray[np.float32], share: float
) -> npt.NDArray[np.float32]:
    """The damaged film with a share of its area, highest in ``order`` first, as it is on the healthy one."""
    first = np.argsort(order, axis=None, kind="stable")[-int(share * order.size) :]
    film = damaged.copy()
    film.flat[first] = healthy.flat[first]
    return film


def _scored(system: ScoringSystem, pixels: npt.NDArray[np.float32]) -> Findings:
    blank = read_image_reference(Dataset(), "", "")
    reference = replace(blank, sop_instance_uid="phantom", rows=pixels.shape[0], columns=pixels.shape[1])
    return system.score([ScoringImage(reference, pixels, None, "unknown")], (), ScoringContext(TrialContext()))


def _total(findings: Findings) -> float:
    """The sum of all that the system graded: damage as it sees it."""
    return float(sum(item.value for item in findings.items if item.value is not None))


def _share(values: Sequence[float]) -> Estimate:
    return estimate(lambda column: float(np.mean(column)), [list(map(float, values))], range(len(values)), seed=_SEED)
