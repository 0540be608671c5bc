"""A hand with its damage, in millimetres, before any film."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from scoring.phantoms.body import Body, sample_body
from scoring.phantoms.bone_outline import Points
from scoring.phantoms.damage import Grades, joint_space, no_damage, sample_grades
from scoring.phantoms.erosions import OWN_BONES, Notch, erode
from scoring.phantoms.hand_anatomy import Skeleton, grow_skeleton
from scoring.phantoms.joint_spaces import FACING, set_joint_spaces
from scoring.phantoms.seeded import stream
from scoring.score_rules.sharp_van_der_heijde import HIGHEST_GRADE, SITES_OF, Item, Side

SHARE_OF_CHILDREN: Final = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class GradedHand:
    """Skeleton, fusion lines by site, notches, and the grades they were drawn from."""

    seed: int
    side: Side
    body: Body
    skeleton: Skeleton
    fusions: Mapping[str, Points]
    notches: tuple[Notch, ...]
    grades: Mapping[tuple[str, Item], int]


def grow_hand(
    seed: int, side: Side, grades: Grades | None, severity: float | None, grows: bool | None, pair: bool = False
) -> GradedHand:
    """``pair``: both hands come from one body, but each has its own pose and damage."""
    own = f" {side}" if pair else ""
    child = grows if grows is not None else bool(stream(seed, "grows").uniform() < SHARE_OF_CHILDREN)
    body = sample_body(stream(seed, "body"), child)
    given = sample_grades(stream(seed, "grades" + own), severity) if grades is None else _checked(grades)
    spaces = {
        site: joint_space(stream(seed, f"narrowing {site}{own}"), site, given[site, "narrowing"])
        for site in SITES_OF["narrowing"]
    }
    grown = grow_skeleton(stream(seed, "skeleton" + own), body, spaces)
    truth = {key: 0 if is_absent(key[0], grown.unseen) else grade for key, grade in given.items()}
    skeleton, fusions = set_joint_spaces(grown, body, spaces)
    notches = tuple(
        notch
        for site in SITES_OF["erosion"]
        for notch in erode(stream(seed, f"erosion {site}{own}"), skeleton.bones, site, truth[site, "erosion"], body)
    )
    return GradedHand(seed, side, body, skeleton, fusions, notches, truth)


def _checked(grades: Grades) -> dict[tuple[str, Item], int]:
    full = no_damage()
    for (site, item), grade in grades.items():
        if (site, item) not in full or not 0 <= grade <= HIGHEST_GRADE[item]:
            raise ValueError(f"A grade of the Sharp/van der Heijde score was wanted, found {site} {item} = {grade}.")
        full[site, item] = int(grade)
    return full


def is_absent(site: str, unseen: frozenset[str]) -> bool:
    """A site that cannot be graded because a bone of it has not appeared yet."""
    names = {OWN_BONES[site]} if site in OWN_BONES else {n for bones in FACING.get(site, ()) for n in bones}
    return bool(names & unseen)
