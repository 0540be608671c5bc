"""Find the hands of a radiograph: the gate, the way up, the side and every scored site.

Two looks. The overview sees the whole picture in 128 pixels, four times, once for each quarter turn, and says whether
and where a palm is, how large it is and which way the fingers point. The site network then sees each hand brought into
the canonical frame, as a left and as a right hand, and again where its own answer says the hand is; the side is the one
that makes a hand of it.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from scoring.anatomy.film_view import Affine, block_affine, compose, contrast, letterbox, moved, reduced, view
from scoring.anatomy.found_hand import CANONICAL_HEIGHT, CANONICAL_WIDTH, HandSearch
from scoring.anatomy.hand_shape import HandShape, canonical_affine
from scoring.anatomy.landmarks import INDEX, Points
from scoring.anatomy.located_hand import LocatedHand, apart, found_hand, from_left, quarter_turns, width
from scoring.anatomy.network_files import FOLDER, load_networks
from scoring.anatomy.overview_network import VIEW, OverviewNetwork
from scoring.anatomy.palm_votes import TURNS, PalmSeen, agreed, palms, turned_back
from scoring.anatomy.site_network import SiteNetwork, peaks
from scoring.score_rules.sharp_van_der_heijde import SITES, Side

GATE: Final = 0.5
"""The picture is a hand radiograph when the overview and the sites together reach this probability."""
_MIDDLE_SCORE: Final = 0.48
_SCORE_WEIGHT: Final = 14.0
_OVERVIEW_WEIGHT: Final = 0.5
"""The gate: the sites' mean confidence above or below this one, and the overview's logit, are added up. What
is no hand shows no hand's shape to the site network, whatever the overview takes it for."""
LEAST_HAND: Final = 0.5
"""A place whose sites have less mean confidence than this is no hand."""
_SHARE_OF_VIEW: Final = 0.85
"""The overview is given room around the picture: a film that ends at the wrist has its palm near an edge."""
_LOOKS: Final = 3
_SIDE_WEIGHT: Final = 12.0
"""How surely a better mean confidence of one side makes it that side."""
_TOLERANCE: Final = 0.13
"""A site this many hand widths away from where the other sites want it has lost 63 % of its confidence."""
_SITES: Final = np.array([INDEX[site] for site in SITES])
_WORK: Final = 1000
"""Films are worked on at up to twice this many pixels: canonical views need less."""


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
            gate, dark, hands = self._search(small)
            inverted = False
            if dark:  # the overview may be wrong about it; the sites decide
                other_gate, _, others = self._search(np.asarray(1.0 - small, np.float32))
                inverted = _best(others) > _best(hands)
                gate, hands = (other_gate, others) if inverted else (gate, hands)
        believed = _SCORE_WEIGHT * (_best(hands) - _MIDDLE_SCORE) + _OVERVIEW_WEIGHT * max(-4.0, min(4.0, gate))
        probability = 1 / (1 + math.exp(-believed))
        if not hands or probability < GATE:
            return HandSearch(False, float(probability))
        turns = quarter_turns(max(hands, key=lambda h: h.score))
        hands.sort(key=lambda h: from_left(h, turns))
        expected = expected_side if len(hands) == 1 else None
        found = tuple(found_hand(hand, block, (pixels.shape[0], pixels.shape[1]), expected) for hand in hands)
        return HandSearch(True, float(probability), found, turns, inverted)

    def landmarks(self, pixels: npt.NDArray[np.float32]) -> list[Points]:
        """The 28 landmarks of every hand, helpers included, in the picture's pixels: for evaluation against boxes."""
        small, block = reduced(np.asarray(pixels, np.float32), _WORK)
        with torch.inference_mode():
            _, _, seen = self._look(small)
            hands = apart([self._locate(small, palm_seen) for palm_seen in seen])
        return [moved(block_affine(block), hand.points) for hand in sorted(hands, key=lambda h: -h.score)]

    def frame_of(self, centres: Points, side: Side) -> Affine:
        """Canonical pixels -> picture of a hand whose sites (22, 2) are known, in the order of ``SITES``."""
        mirror = np.diag([-1.0 if side == "R" else 1.0, 1.0])
        return np.asarray(mirror @ self._shape.pose(centres @ mirror, np.ones(len(centres))), np.float64)

    def _search(self, picture: npt.NDArray[np.float32]) -> tuple[float, bool, list[LocatedHand]]:
        """The overview's logit, whether bone seems dark, and the hands of one picture as it is."""
        gate, dark, seen = self._look(picture)
        hands = [hand for palm_seen in seen if (hand := self._locate(picture, palm_seen)).score >= LEAST_HAND]
        return gate, dark, apart(hands)

    def _look(self, picture: npt.NDArray[np.float32]) -> tuple[float, bool, tuple[PalmSeen, ...]]:
        """The overview's logit for a hand, whether bone is dark, and the palms in picture pixels."""
        to_picture = letterbox((picture.shape[0], picture.shape[1]), VIEW, _SHARE_OF_VIEW)
        upright = view(picture, to_picture, VIEW, VIEW)
        turned = torch.cat([torch.rot90(upright, k, (2, 3)) for k in range(TURNS)])
        seen = self._overview(contrast(turned))
        gate = float(seen.hand.mean())
        dark = float(torch.sigmoid(seen.inverted.mean())) > 0.5
        found = [turned_back(one, turns) for turns in range(TURNS) for one in palms(seen.grid[turns])]
        kept: list[PalmSeen] = []
        for one in agreed(found):
            x, y = moved(to_picture, np.array([one.x, one.y]))
            scale = float(to_picture[0, 0])
            kept.append(PalmSeen(x, y, one.up_x * scale, one.up_y * scale, one.probability))
        return gate, dark, tuple(kept)

    def _locate(self, picture: npt.NDArray[np.float32], seen: PalmSeen) -> LocatedHand:
        """All landmarks of one hand, seen as a left and as a right hand; the likelier of the two."""
        left, right = (self._as_side(picture, seen, mirrored) for mirrored in (False, True))
        chance_right = 1 / (1 + math.exp(_SIDE_WEIGHT * (left.score - right.score)))
        return replace(right if chance_right > 0.5 else left, chance_right=chance_right)

    def _as_side(self, picture: npt.NDArray[np.float32], seen: PalmSeen, mirrored: bool) -> LocatedHand:
        """Three looks, each in the pose that the one before found; then how well the sites make a hand."""
        centre, up = np.array([seen.x, seen.y]), np.array([seen.up_x, seen.up_y])
        to_picture = canonical_affine(centre, up, mirrored)
        for _ in range(_LOOKS):
            here = to_picture
            places, weights = self._see(picture, here)
            to_picture = compose(here, self._shape.pose(places[_SITES], weights[_SITES] ** 2 + 1e-3))
        likely = self._shape.nearest(places[_SITES], weights[_SITES] + 1e-3)
        away = np.hypot(*(places[_SITES] - likely).T) / (_TOLERANCE * width(places))
        confidence = weights[_SITES] * np.exp(-(away**2))
        return LocatedHand(moved(here, places), confidence, to_picture, float(confidence.mean()))

    def _see(self, picture: npt.NDArray[np.float32], to_picture: Affine) -> tuple[Points, npt.NDArray[np.float64]]:
        """One look at a hand in the canonical frame: landmarks there, and how concentrated each heatmap is."""
        found = peaks(self._sites(contrast(view(picture, to_picture, CANONICAL_HEIGHT, CANONICAL_WIDTH))))
        return found.places[0].double().numpy(), found.weights[0].double().numpy()


def _best(hands: list[LocatedHand]) -> float:
    return max((hand.score for hand in hands), default=0.0)
