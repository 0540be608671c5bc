"""Places on the margins of bones where erosions begin, found on the film around a site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter1d

from scoring.phantoms.damaged_hands.joint_line import JointFrame, JointLine, frame_of_site
from scoring.phantoms.damaged_hands.real_hand import RealHand

Rays = tuple[float, float, tuple[tuple[float, float], ...]]
"""Where rays start, in mm along the axis from the site or its joint line; how far the margin is believed to be; and
the angles from the axis between which rays go, in degrees."""

_HEAD: Final = ((55.0, 105.0), (-105.0, -55.0))
_BASE: Final = ((85.0, 140.0), (-140.0, -85.0))
_FINGER: Final = {"PIP5": 4.2, "PIP": 4.9, "IP1": 5.4, "MCP5": 6.3, "MCP": 7.2}
_OWN: Final[dict[str, Rays]] = {
    "MC1B": (2.2, 6.0, ((70.0, 175.0), (-175.0, -70.0))),
    "TRAPEZIUM": (0.0, 5.5, ((0.0, 360.0),)),
    "SCAPHOID": (0.0, 5.5, ((0.0, 360.0),)),
    "LUNATE": (0.0, 5.5, ((0.0, 360.0),)),
    "RADIUS": (-1.5, 9.0, ((20.0, 95.0), (-95.0, -20.0))),
    "ULNA": (-1.5, 5.5, ((-95.0, 95.0),)),
}
_BEHIND_LINE_MM: Final = 3.1
"""Rays of a joint start this far from its line, in the head and in the base."""
_RAYS: Final = 28
_STEP_MM: Final = 0.15
_LEAST_FALL: Final = 0.22
"""A margin over which less of the contrast of bone and soft tissue is lost is no free margin of bone."""
_MOST_FALL: Final = 0.6
_BONE: Final = 0.4
"""What is brighter than soft tissue by this share of the bone's contrast is bone."""
_AIR: Final = 0.45
"""What is darker than soft tissue by this share of the bone's contrast lies outside the skin."""
_LEAST_CONTRAST: Final = 0.45
"""Of the film's bone contrast: less is no bone."""
_LEAST_SHARE: Final = 0.35
"""Of the rays that must meet a margin: else there is no such bone, as in the wrists of small children."""
_BELIEVED: Final = 0.5
"""How far off its believed distance a margin may lie, as a share of that."""
_FALL_OVER_MM: Final = 1.3


@dataclass(frozen=True, slots=True, eq=False)
class Margin:
    """A place on a bone's contour. ``frame``: its middle lies there, its axis points out of the bone; ``contrast``:
    how much brighter the bone is than soft tissue."""

    frame: JointFrame
    contrast: float


def bone_contrast(hand: RealHand) -> float:
    """How much brighter bone is than soft tissue on this film: the median of its knuckles."""
    sites = [site for site in ("MCP2", "MCP3", "MCP4", "PIP2", "PIP3", "PIP4") if site in hand.visible]
    heads = [_levels(hand, frame_of_site(hand, site), -_BEHIND_LINE_MM, 5.0) for site in sites]
    return float(np.median([bone - soft for soft, bone in heads])) if heads else 0.0


def margins(hand: RealHand, site: str, line: JointLine | None, usual: float) -> list[list[Margin]]:
    """Free margins around a site, by bone; empty where the film shows none. ``usual``: the film's bone contrast."""
    frame = line.frame if line is not None else frame_of_site(hand, site)
    found = (_on_rays(hand, frame, rays, _LEAST_CONTRAST * usual) for rays in _rays(site, line))
    return [bone for bone in found if bone]


def _rays(site: str, line: JointLine | None) -> list[Rays]:
    if site in _OWN:
        return [_OWN[site]]
    reach = next(mm for key, mm in _FINGER.items() if site.startswith(key))
    at, gap = (float(line.along[len(line.along) // 2]), line.width / 2) if line is not None else (0.0, 0.8)
    return [(at - gap - _BEHIND_LINE_MM, reach, _HEAD), (at + gap + _BEHIND_LINE_MM - 0.6, reach, _BASE)]


def _on_rays(hand: RealHand, frame: JointFrame, rays: Rays, least_contrast: float) -> list[Margin]:
    start, reach, sectors = rays
    far = np.arange(0.4 * reach, 1.25 * reach + _FALL_OVER_MM, _STEP_MM)
    angles = np.radians(np.concatenate([np.linspace(*sector, _RAYS // len(sectors)) for sector in sectors]))
    along, across = start + np.cos(angles)[:, None] * far, np.sin(angles)[:, None] * far
    soft, bone = _levels(hand, frame, start, reach)
    if bone - soft < least_contrast:
        return []
    smooth = gaussian_filter1d(frame.sampled(hand.pixels, along, across), 0.35 / _STEP_MM, axis=1)
    over = int(_FALL_OVER_MM / _STEP_MM)
    fall = (smooth[:, :-over] - smooth[:, over:]) / (bone - soft)
    off = (far[:-over] + _FALL_OVER_MM / 2 - reach) / (_BELIEVED * reach)
    from_bone = smooth[:, :-over] > soft + _BONE * (bone - soft)
    margin = from_bone & (smooth[:, over:] > soft - _AIR * (bone - soft))
    believed = np.where(margin, np.minimum(fall, _MOST_FALL), -1.0) - 0.4 * off**2
    best = believed.argmax(1)
    kept = []
    for ray, column in enumerate(best):
        if fall[ray, column] < _LEAST_FALL or not margin[ray, column]:
            continue
        distance = far[column] + _FALL_OVER_MM / 2
        cos, sin = float(np.cos(angles[ray])), float(np.sin(angles[ray]))
        place = np.array(frame.film(np.array(start + cos * distance), np.array(sin * distance)))
        kept.append(Margin(JointFrame(place, cos * frame.axis + sin * frame.beside, frame.mm), bone - soft))
    return _on_one_contour(kept) if len(kept) >= _LEAST_SHARE * len(angles) else []


def _levels(hand: RealHand, frame: JointFrame, start: float, reach: float) -> tuple[float, float]:
    """The grey of soft tissue and of bone around a bone end, from a disc that the bone fills for the most part."""
    line = np.arange(-reach, reach + 0.2, 0.4)
    along, across = np.meshgrid(line, line, indexing="ij")
    disc = np.hypot(along, across) <= 1.05 * reach
    values = frame.sampled(hand.pixels, start + along[disc], across[disc])
    soft, bone = np.percentile(values, (8, 85))
    return float(soft), float(max(bone, soft + 0.01))


def _on_one_contour(found: list[Margin]) -> list[Margin]:
    """Without places that jump away from both neighbours: those lie on other bones."""
    if len(found) < 3:
        return []
    places = np.array([one.frame.centre for one in found])
    step = np.hypot(*np.diff(places, axis=0).T) / found[0].frame.mm
    near = np.concatenate([[False], step < 2.0]) | np.concatenate([step < 2.0, [False]])
    return [one for one, good in zip(found, near, strict=True) if good]
