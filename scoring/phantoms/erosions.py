"""Erosions: notches at the bare areas of bones, with sclerotic or blurred rims, and the collapse of a joint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from scoring.phantoms.body import Body
from scoring.phantoms.bone_outline import Bone, Points
from scoring.phantoms.damage import NOTCH_RADIUS_MM, notch_sizes
from scoring.phantoms.hand_template import CARPALS
from scoring.phantoms.joint_spaces import FACING

Plane = npt.NDArray[np.float32]
Slot = tuple[Bone, float, float]
"""A bare area: the bone, and the place on its contour along and across its axis in mm."""

OWN_BONES: Final = {
    "MC1B": "MC1",
    "TRAPEZIUM": "trapezium",
    "SCAPHOID": "scaphoid",
    "LUNATE": "lunate",
    "RADIUS": "radius",
    "ULNA": "ulna",
}
"""Bones graded for themselves, not as the two sides of a joint."""

WRIST_LESIONS: Final = {"radius": 1.25, "ulna": 1.1, "trapezium": 1.15, "scaphoid": 1.15, "lunate": 1.15}
"""Lesions of large bones are drawn larger, for they are graded against the bone."""


@dataclass(frozen=True, slots=True)
class Notch:
    """A lesion of one bone, in mm along and across its axis. ``wall``: density of the rim; ``blur``: softness in mm."""

    bone: str
    along: float
    across: float
    radius: float
    wall: float
    blur: float
    lobes: float

    def left(self, along: Plane, across: Plane) -> Plane:
        """Share of the bone's thickness which the lesion leaves, 0.05 in its middle."""
        kept: Plane = 0.05 + 0.95 * expit(self._outside(along, across) / self.blur * 2.0)
        return kept

    def rim(self, along: Plane, across: Plane) -> Plane:
        """Extra thickness (mm) of the sclerotic rim just outside the lesion."""
        ring: Plane = self.wall * np.exp(-(((self._outside(along, across) - 0.35) / 0.35) ** 2))
        return ring

    def _outside(self, along: Plane, across: Plane) -> Plane:
        u, v = along - self.along, across - self.across
        wobble = 1.0 + 0.12 * np.cos(3.0 * np.arctan2(v, u) + self.lobes)
        distance: Plane = np.hypot(u, v) - self.radius * wobble
        return distance


def erode(rng: np.random.Generator, bones: Mapping[str, Bone], site: str, grade: int, body: Body) -> tuple[Notch, ...]:
    """The notches of one site; lesions scale with the hand."""
    size = body.size
    if grade == 0:
        return ()
    if grade >= 5:
        return _collapse(rng, bones, site, size)
    slots = _slots(bones, site)
    order = rng.permutation(len(slots))
    placed = [_notch(rng, slots[i], k, size) for i, k in zip(order, notch_sizes(rng, grade), strict=False)]
    return tuple(placed)


def _slots(bones: Mapping[str, Bone], site: str) -> list[Slot]:
    """Bare areas of a site on the contours of its bones, four in all."""
    if site == "MC1B":
        bone = bones["MC1"]
        reach = bone.half_widths[0]
        return [(bone, 1.6, reach), (bone, 1.6, -reach), (bone, 0.1, 0.45 * reach), (bone, 0.1, -0.45 * reach)]
    if site in ("RADIUS", "ULNA"):
        shares = (-0.62, -0.22, 0.2, 0.6) if site == "RADIUS" else (-0.85, -0.25, 0.35, 0.9)
        return [_on_joint_surface(bones[OWN_BONES[site]], share) for share in shares]
    if site in OWN_BONES:
        return _round_the_contour(bones, OWN_BONES[site])
    proximal, distal = (bones[side[0]] for side in FACING[site])
    head, base = proximal.half_widths[2], distal.half_widths[0]
    shoulder = 0.62 if proximal.name.startswith("MC") else 0.42
    return [(proximal, proximal.length - shoulder * head, head * side) for side in (-0.97, 0.97)] + [
        (distal, 1.5, base * side) for side in (-0.97, 0.97)
    ]


def _local_contour(bone: Bone) -> tuple[Points, Points]:
    """The contour along and across the bone's axis, in mm."""
    local, axis = bone.outline - bone.base, bone.axis
    return local @ axis, local @ np.array([-axis[1], axis[0]])


def _on_joint_surface(bone: Bone, share: float) -> Slot:
    """The place on a forearm bone's joint end at a share of its half-width."""
    along, across = _local_contour(bone)
    target = share * bone.half_widths[2]
    end = np.where(np.abs(across - target) < 1.2, along, -np.inf)
    return bone, float(end.max()), target


def _round_the_contour(bones: Mapping[str, Bone], name: str) -> list[Slot]:
    """Four places round a carpal bone, where no other carpal bone overlaps it and hides a lesion."""
    bone = bones[name]
    along, across = _local_contour(bone)
    free = np.ones(len(along), bool)
    for other in (bones[n] for n in CARPALS if n != name):
        middle = other.outline.mean(0)
        reach = np.hypot(*(other.outline - middle).T).mean()
        free &= np.hypot(*(bone.outline - middle).T) > 1.05 * reach
    places = np.flatnonzero(free) if free.sum() >= 8 else np.arange(len(along))
    return [(bone, float(along[i]), float(across[i])) for i in places[(np.arange(4) * 2 + 1) * len(places) // 8]]


def _notch(rng: np.random.Generator, slot: Slot, lesion: int, size: float) -> Notch:
    bone, along, across = slot
    radius = NOTCH_RADIUS_MM[lesion] * size * float(rng.uniform(0.94, 1.06)) * WRIST_LESIONS.get(bone.name, 1.0)
    inward = {1: 0.12, 2: 0.3, 3: 0.6}[lesion] * radius
    middle_along = 0.5 * bone.length if not bone.tube else (along + (3.0 if along < bone.length / 2 else -3.0))
    vector = np.array([middle_along - along, -across])
    vector = vector / max(float(np.hypot(*vector)), 1e-6) * inward
    sclerotic = bool(rng.uniform() < 0.5)
    return Notch(
        bone.name,
        along + float(vector[0]) + float(rng.uniform(-0.3, 0.3)) * size,
        across + float(vector[1]),
        radius,
        wall=float(rng.uniform(0.5, 1.2)) if sclerotic else 0.0,
        blur=float(rng.uniform(0.25, 0.4)) if sclerotic else float(rng.uniform(0.35, 0.6)),
        lobes=float(rng.uniform(0.0, 6.28)),
    )


def _collapse(rng: np.random.Generator, bones: Mapping[str, Bone], site: str, size: float) -> tuple[Notch, ...]:
    """Grade 5: the articular ends are eaten away, irregular remnants stay."""
    notches: list[Notch] = []
    slots = _slots(bones, site)
    for bone in {slot[0].name: slot[0] for slot in slots}.values():
        mine = [slot for slot in slots if slot[0].name == bone.name]
        centre = np.mean([slot[1:] for slot in mine], axis=0)
        reach = max(abs(slot[2] - centre[1]) for slot in mine)
        for place in np.linspace(-1.0, 1.0, 5):
            notches.append(
                Notch(
                    bone.name,
                    float(centre[0] + rng.uniform(-1.0, 1.0) * (1.6 * size if bone.tube else reach)),
                    float(centre[1] + place * reach),
                    float(rng.uniform(1.8, 3.0) * size),
                    wall=0.0,
                    blur=float(rng.uniform(0.4, 0.8)),
                    lobes=float(rng.uniform(0.0, 6.28)),
                )
            )
    return tuple(notches)
