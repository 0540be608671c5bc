"""A real hand with damage drawn into it, and the exact truth of what was drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from scoring.phantoms.damage import Grades, JointSpace, joint_space
from scoring.phantoms.damaged_hands.ankylosis import bridged
from scoring.phantoms.damaged_hands.bending import Bending, narrowing, spur, subluxation
from scoring.phantoms.damaged_hands.bone_margins import Margin, bone_contrast, margins
from scoring.phantoms.damaged_hands.joint_line import JointLine, joint_line
from scoring.phantoms.damaged_hands.lesions import erosion
from scoring.phantoms.damaged_hands.real_hand import Grey, RealHand
from scoring.phantoms.seeded import stream
from scoring.score_rules.sharp_van_der_heijde import SITES_OF, Item, Side

_SHARE_WITH_SPURS: Final = 0.08
"""Of the sites with a margin; osteophytes have no grade in this score, and must not be taken for one."""
_SPUR_MM: Final = (0.5, 1.3)
_ASIDE_MM: Final = (1.6, 3.0)
_ULNAR: Final = 0.8
"""Share of subluxed fingers that go to the ulnar side."""
_HEALTHY_SHARE: Final = 0.9
"""Joint spaces wider than this share of their own are left as the film has them."""
_BONE_BETWEEN: Final = {0: 0.0, 1: 0.0, 2: 0.1, 3: 0.3, 4: 0.85}
"""How much of a joint space is filled with bone, by narrowing grade: ends that are near overlap in the beam."""
_WARP_REACH_MM: Final = 30.0


@dataclass(frozen=True)
class DamagedHand:
    """``grades`` of every site that is ``visible``, 0 where nothing was drawn; ``spurs``, ``subluxed``: sites."""

    name: str
    pixels: Grey
    side: Side
    centres: Mapping[str, tuple[float, float]]
    visible: frozenset[str]
    grades: Mapping[tuple[str, Item], int]
    spurs: tuple[str, ...]
    subluxed: tuple[str, ...]


def damage_hand(hand: RealHand, course: Sequence[Grades], seed: int) -> DamagedHand:
    """The hand at the last visit of ``course``: the grades that are wanted from visit to visit, never falling.

    The same seed draws the same lesions, and a longer course adds to them. What the film does not allow to be drawn
    (no joint space to be seen, no free margin) is left out, and its grade with it: ``grades`` say what was drawn.
    """
    lines = {site: line for site in SITES_OF["narrowing"] if site in hand.visible and (line := joint_line(hand, site))}
    usual = bone_contrast(hand)
    free = {s: margins(hand, s, lines.get(s), usual) for s in SITES_OF["erosion"] if s in hand.visible}
    grades = {(site, item): 0 for item, sites in SITES_OF.items() for site in sites}
    pixels = hand.pixels
    for site, bones in free.items():
        drawn = erosion(hand.pixels, bones, [wanted.get((site, "erosion"), 0) for wanted in course], site, seed)
        grades[site, "erosion"] = drawn.grade
        for defect in drawn.defects:
            pixels = defect.drawn(pixels)
    bending = Bending(hand.shape)
    spurs = _add_spurs(bending, free, seed)
    spaces = {site: joint_space(stream(seed, f"narrowing {site}"), site, _wanted(course, site)) for site in lines}
    subluxed = _add_spaces(bending, hand, lines, spaces, seed)
    pixels = bending.bent(pixels)
    for site, line in lines.items():
        grades[site, "narrowing"] = _wanted(course, site)
        bone = _BONE_BETWEEN[grades[site, "narrowing"]]
        pixels = bridged(pixels, line, bone, stream(seed, f"bridge {site}")) if bone else pixels
    return DamagedHand(hand.name, pixels, hand.side, hand.centres, hand.visible, grades, spurs, subluxed)


def _wanted(course: Sequence[Grades], site: str) -> int:
    return course[-1].get((site, "narrowing"), 0)


def _add_spurs(bending: Bending, free: Mapping[str, Sequence[Sequence[Margin]]], seed: int) -> tuple[str, ...]:
    """Osteophytes at some sites, from the first visit on."""
    chosen = []
    for site, bones in free.items():
        chance = stream(seed, f"spur {site}")
        if bones and chance.uniform() < _SHARE_WITH_SPURS:
            bone = bones[int(chance.integers(len(bones)))]
            margin = bone[int(chance.integers(len(bone)))]
            length, width = chance.uniform(*_SPUR_MM), chance.uniform(0.7, 1.4)
            bending.add(margin.frame, 8.0, spur(float(length), float(width)))
            chosen.append(site)
    return tuple(chosen)


def _add_spaces(
    bending: Bending, hand: RealHand, lines: Mapping[str, JointLine], spaces: Mapping[str, JointSpace], seed: int
) -> tuple[str, ...]:
    """Narrow the joints, and move some out of place; the sites of these."""
    aside = []
    for site, space in spaces.items():
        line = lines[site]
        healthy = space.share > _HEALTHY_SHARE
        if not healthy:
            bending.add(line.frame, line.half_width + _WARP_REACH_MM, narrowing(line, space.share, space.tilt))
        if space.displacement == "subluxed":
            chance = stream(seed, f"subluxation {site}")
            ulnar = -1.0 if hand.side == "L" else 1.0
            by = float(chance.uniform(*_ASIDE_MM)) * (ulnar if chance.uniform() < _ULNAR else -ulnar)
            bending.add(line.frame, _WARP_REACH_MM, subluxation(line, by, line.width * space.share / 2))
            aside.append(site)
    return tuple(aside)
