"""Find the hands of a radiograph: the gate, the way up, the side and every scored site.

Two looks. The overview sees the whole picture in 128 pixels, four times, once for each quarter turn, and says whether
and where a palm is, how large it is and which way the fingers point. The site network then sees each hand brought into
the canonical frame, as a left and as a right hand, and again where its own answer says the hand is; the side is the one
that makes a hand of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from scoring.anatomy.film_view import Affine, compose, contrast, letterbox, moved, reduced, view
from scoring.anatomy.found_hand import (
    CANONICAL_HEIGHT,
    CANONICAL_WIDTH,
    WIDTH_OVER_KNUCKLES,
    FoundHand,
    FoundSite,
    HandSearch,
    SiteStatus,
)
from scoring.anatomy.hand_shape import HandShape, canonical_affine
from scoring.anatomy.landmarks import INDEX, Points, of, palm
from scoring.anatomy.network_files import FOLDER, load_networks
from scoring.anatomy.overview_network import VIEW, OverviewNetwork, PalmSeen, palms
from scoring.anatomy.site_network import SiteNetwork, peaks
from scoring.score_rules.sharp_van_der_heijde import SITES, Side

GATE: Final = 0.5
"""The picture is a hand radiograph when the overview and the sites together reach this probability."""
_TYPICAL_SCORE: Final = 0.38
_SCORE_WEIGHT: Final = 14.0
_OVERVIEW_WEIGHT: Final = 0.5
"""The gate: the sites' mean confidence above or below the typical one, and the overview's logit, are added up. What
is no hand shows no hand's shape to the site network, whatever the overview takes it for."""
LEAST_CONFIDENCE: Final = 0.35
"""A site below it is ``uncertain``: no number is given for it."""
LEAST_HAND: Final = 0.34
"""A place whose sites have less mean confidence than this is no hand."""
_LOOKS: Final = 3
_SIDE_WEIGHT: Final = 12.0
"""How surely a better mean confidence of one side makes it that side."""
_TOLERANCE: Final = 0.13
"""A site this many hand widths away from where the other sites want it has lost 63 % of its confidence."""
_SITES: Final = np.array([INDEX[site] for site in SITES])
_WORK: Final = 1000
"""Films are worked on at up to twice this many pixels: canonical views need less."""


@dataclass(frozen=True)
class _Located:
    """One hand: landmarks (28, 2) in the picture, confidence (22,) of the sites, how it lies, and their mean."""

    points: Points
    confidence: npt.NDArray[np.float64]
    to_picture: Affine
    score: float
    chance_right: float = 0.5


class HandFinder:
    """The two networks of hand anatomy, loaded once. Thread-safe after opening."""

    def __init__(self, overview: OverviewNetwork, sites: SiteNetwork, shape: HandShape) -> None:
        self._overview = overview
        self._sites = sites
        self._shape = shape

    @classmethod
    def open(cls, folder: Path | None = None) -> HandFinder:
        """Load the packaged weights (or those of ``folder``) after their SHA-256 matched; WeightsError otherwise."""
        return cls(*load_networks(folder or FOLDER))

    def find(self, pixels: npt.NDArray[np.float32], expected_side: Side | None = None) -> HandSearch:
        """Search one picture: (rows, columns), 0..1, bone bright. ``expected_side``: what the header says.

        A picture with one grey level, or smaller than 32 pixels, holds no hand. With two hands of two sides on it, a
        header that names one side says nothing, and ``expected_side`` is not used.
        """
        if min(pixels.shape) < 32 or float(np.ptp(pixels)) < 1e-3:
            return HandSearch(False, 0.0)
        small, block = reduced(np.asarray(pixels, np.float32), _WORK)
        with torch.inference_mode():
            gate, inverted, seen = self._look(small)
            if inverted:
                small = np.asarray(1.0 - small, np.float32)
                gate, _, seen = self._look(small)
            hands = [hand for palm_seen in seen if (hand := self._locate(small, palm_seen)).score >= LEAST_HAND]
        hands = _apart(hands)
        score = max((hand.score for hand in hands), default=0.0)
        believed = _SCORE_WEIGHT * (score - _TYPICAL_SCORE) + _OVERVIEW_WEIGHT * max(-4.0, min(4.0, gate))
        probability = 1 / (1 + math.exp(-believed))
        if not hands or probability < GATE:
            return HandSearch(False, float(probability), inverted=inverted)
        turns = _quarter_turns(max(hands, key=lambda h: h.score))
        hands.sort(key=lambda h: _from_left(h, turns))
        expected = expected_side if len(hands) == 1 else None
        found = tuple(_found(hand, block, small.shape, expected) for hand in hands)
        return HandSearch(True, float(probability), found, turns, inverted)

    def landmarks(self, pixels: npt.NDArray[np.float32]) -> list[Points]:
        """The 28 landmarks of every hand, helpers included, in the picture's pixels: for evaluation against boxes."""
        small, block = reduced(np.asarray(pixels, np.float32), _WORK)
        with torch.inference_mode():
            _, _, seen = self._look(small)
            hands = _apart([self._locate(small, palm_seen) for palm_seen in seen])
        return [_full(hand.points, block) for hand in sorted(hands, key=lambda h: -h.score)]

    def _look(self, picture: npt.NDArray[np.float32]) -> tuple[float, bool, tuple[PalmSeen, ...]]:
        """The overview's logit for a hand, whether bone is dark, and the palms in picture pixels."""
        to_picture = letterbox((picture.shape[0], picture.shape[1]), VIEW)
        upright = view(picture, to_picture, VIEW, VIEW)
        turned = torch.cat([torch.rot90(upright, k, (2, 3)) for k in range(4)])
        seen = self._overview(contrast(turned))
        gate = float(seen.hand.mean())
        dark = float(torch.sigmoid(seen.inverted.mean())) > 0.5
        found = [_turned_back(one, turns) for turns in range(4) for one in palms(seen.grid[turns], least=0.15)]
        kept: list[PalmSeen] = []
        for one in _agreed(found):
            x, y = moved(to_picture, np.array([one.x, one.y]))
            scale = float(to_picture[0, 0])
            kept.append(PalmSeen(x, y, one.up_x * scale, one.up_y * scale, one.probability))
        return gate, dark, tuple(kept)

    def _locate(self, picture: npt.NDArray[np.float32], seen: PalmSeen) -> _Located:
        """All landmarks of one hand, seen as a left and as a right hand; the likelier of the two."""
        left, right = (self._as_side(picture, seen, mirrored) for mirrored in (False, True))
        chance_right = 1 / (1 + math.exp(_SIDE_WEIGHT * (left.score - right.score)))
        return replace(right if chance_right > 0.5 else left, chance_right=chance_right)

    def _as_side(self, picture: npt.NDArray[np.float32], seen: PalmSeen, mirrored: bool) -> _Located:
        """Three looks, each in the pose that the one before found; then how well the sites make a hand."""
        centre, up = np.array([seen.x, seen.y]), np.array([seen.up_x, seen.up_y])
        to_picture = canonical_affine(centre, up, mirrored)
        for _ in range(_LOOKS):
            here = to_picture
            places, weights = self._see(picture, here)
            to_picture = compose(here, self._shape.pose(places[_SITES], weights[_SITES] ** 2 + 1e-3))
        likely = self._shape.nearest(places[_SITES], weights[_SITES] + 1e-3)
        away = np.hypot(*(places[_SITES] - likely).T) / (_TOLERANCE * _width(places))
        confidence = weights[_SITES] * np.exp(-(away**2))
        return _Located(moved(here, places), confidence, to_picture, float(confidence.mean()))

    def _see(self, picture: npt.NDArray[np.float32], to_picture: Affine) -> tuple[Points, npt.NDArray[np.float64]]:
        """One look at a hand in the canonical frame: landmarks there, and how concentrated each heatmap is."""
        found = peaks(self._sites(contrast(view(picture, to_picture, CANONICAL_HEIGHT, CANONICAL_WIDTH))))
        return found.places[0].double().numpy(), found.weights[0].double().numpy()


def _turned_back(seen: PalmSeen, turns: int) -> PalmSeen:
    """A palm found on a view turned by ``rot90`` this many times, on the view as it was."""
    x, y, up_x, up_y = seen.x, seen.y, seen.up_x, seen.up_y
    for _ in range(turns):
        x, y, up_x, up_y = VIEW - 1 - y, x, -up_y, up_x
    return PalmSeen(x, y, up_x, up_y, seen.probability)


def _agreed(found: list[PalmSeen], most: int = 2) -> list[PalmSeen]:
    """Palms seen on several turns are one; the answer of the turn with the fingers most upright counts."""
    groups: list[list[PalmSeen]] = []
    for one in sorted(found, key=lambda p: -p.probability):
        length = (one.up_x**2 + one.up_y**2) ** 0.5
        for group in groups:
            if (group[0].x - one.x) ** 2 + (group[0].y - one.y) ** 2 < (0.8 * length) ** 2:
                group.append(one)
                break
        else:
            groups.append([one])
    votes = [(sum(p.probability for p in group) / 4, group) for group in groups]
    kept = sorted((v for v in votes if v[0] > 0.15), key=lambda v: -v[0])[:most]
    merged = []
    for vote, group in kept:
        share = np.array([p.probability for p in group])
        share = share / share.sum()
        values = np.array([[p.x, p.y, p.up_x, p.up_y] for p in group])
        lead = values[0, 2:4]
        same = values[:, 2:4] @ lead > 0  # one turn may have taken the forearm for the fingers
        x, y, up_x, up_y = (share * same) @ values / (share * same).sum()
        merged.append(PalmSeen(float(x), float(y), float(up_x), float(up_y), float(vote)))
    return merged


def _apart(hands: list[_Located]) -> list[_Located]:
    """Drop a hand that is another one seen twice."""
    kept: list[_Located] = []
    for hand in sorted(hands, key=lambda h: -h.score):
        centre, up = palm(hand.points)
        if all(np.hypot(*(palm(k.points)[0] - centre)) > 0.6 * np.hypot(*up) for k in kept):
            kept.append(hand)
    return kept


def _width(points: Points) -> float:
    return WIDTH_OVER_KNUCKLES * float(np.hypot(*(of(points, "MCP2") - of(points, "MCP5"))))


def _quarter_turns(hand: _Located) -> int:
    """How often ``rot90`` (counter-clockwise) must turn the picture until the fingers point up."""
    _, up = palm(hand.points)
    return int(np.round((90 - np.degrees(np.arctan2(-up[1], up[0]))) / 90)) % 4


def _from_left(hand: _Located, turns: int) -> float:
    x, y = palm(hand.points)[0]
    return float((x, y, -x, -y)[turns])


def _full(points: Points, block: int) -> Points:
    return points * block + (block - 1) / 2


def _found(hand: _Located, block: int, shape: tuple[int, ...], expected: Side | None) -> FoundHand:
    """What is handed out, in pixels of the full picture."""
    points = _full(hand.points, block)
    rows, columns = shape[0] * block, shape[1] * block
    seen: Side = "R" if hand.chance_right > 0.5 else "L"
    side = expected or seen
    chance = hand.chance_right if side == "R" else 1 - hand.chance_right
    sites = {}
    for site, confidence in zip(SITES, hand.confidence.tolist(), strict=True):
        x, y = (float(v) for v in points[INDEX[site]])
        status: SiteStatus = "found" if confidence >= LEAST_CONFIDENCE else "uncertain"
        if not (-0.5 <= x <= columns - 0.5 and -0.5 <= y <= rows - 0.5):
            status = "outside"
        sites[site] = FoundSite(x, y, confidence, status)
    width = _width(points)
    margin = 0.35 * width
    low, high = points.min(0) - margin, points.max(0) + margin
    box = (
        float(max(low[0], 0)),
        float(max(low[1], 0)),
        float(min(high[0], columns - 1)),
        float(min(high[1], rows - 1)),
    )
    enlarge = np.array([[block, 0.0, (block - 1) / 2], [0.0, block, (block - 1) / 2]])
    return FoundHand(
        side,
        float(chance),
        expected is not None and expected != seen,
        box,
        compose(enlarge, hand.to_picture),
        width,
        sites,
    )
