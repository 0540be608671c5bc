"""The shape of a hand: the canonical frame, and how far found sites are from any hand that was learnt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.anatomy.landmarks import Points

PALM_LENGTH: Final = 58.0
"""Canonical pixels from the wrist (half way between radius and ulna) to MCP3."""
PALM_CENTRE: Final = (58.0, 96.0)
"""Where the middle of the palm lies in the canonical frame."""


def canonical_affine(centre: Points, up: Points, mirrored: bool) -> npt.NDArray[np.float64]:
    """Canonical pixels -> picture, from the palm's centre and its vector from the wrist to MCP3."""
    down = -np.asarray(up, np.float64) / PALM_LENGTH
    right = np.array([down[1], -down[0]]) * (-1.0 if mirrored else 1.0)
    linear = np.column_stack([right, down])
    return np.column_stack([linear, np.asarray(centre, np.float64) - linear @ np.array(PALM_CENTRE)])


@dataclass(frozen=True)
class HandShape:
    """Mean (22, 2), main ways of varying (k, 44) with their spread (k,), and what they leave over (22,), all in
    canonical pixels and in the order of ``SITES``."""

    mean: Points
    ways: npt.NDArray[np.float64]
    spread: npt.NDArray[np.float64]
    rest: npt.NDArray[np.float64]

    def pose(self, points: Points, trust: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The similarity (2, 3) that lays the mean shape over points (22, 2), each counted by its ``trust``."""
        share = trust / trust.sum()
        here, there = share @ self.mean, share @ points
        a, b = self.mean - here, points - there
        size = float((share[:, None] * a * a).sum())
        cos = float((share[:, None] * a * b).sum()) / size
        sin = float((share * (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])).sum()) / size
        linear = np.array([[cos, -sin], [sin, cos]])
        return np.column_stack([linear, there - linear @ here])

    def nearest(self, points: Points, trust: npt.NDArray[np.float64]) -> Points:
        """The most likely hand for points (22, 2): posed, then a ridge regression on the ways of varying."""
        pose = self.pose(points, trust)
        linear = np.linalg.inv(pose[:, :2])
        upright = (points - pose[:, 2]) @ linear.T
        weight = np.repeat(trust / np.maximum(self.rest, 0.5) ** 2, 2)
        left = (self.ways * weight) @ self.ways.T + np.diag(1 / self.spread**2)
        amounts = np.linalg.solve(left, (self.ways * weight) @ (upright - self.mean).ravel())
        likely = self.mean + (amounts @ self.ways).reshape(-1, 2)
        return np.asarray(likely @ pose[:, :2].T + pose[:, 2])


def learn_shape(hands: Points, ways: int = 12) -> HandShape:
    """Learn from hands (n, 22, 2) in the canonical frame; their poses are brought to one by two rounds of fitting."""
    sites = hands.shape[1]
    shape = HandShape(hands.mean(0), np.zeros((1, 2 * sites)), np.ones(1), np.ones(sites))
    for _ in range(2):
        upright = []
        for hand in hands:
            pose = shape.pose(hand, np.ones(sites))
            upright.append((hand - pose[:, 2]) @ np.linalg.inv(pose[:, :2]).T)
        aligned = np.array(upright)
        mean = aligned.mean(0)
        offsets = (aligned - mean).reshape(len(aligned), -1)
        _, values, directions = np.linalg.svd(offsets, full_matrices=False)
        kept = directions[:ways]
        left = (offsets - offsets @ kept.T @ kept).reshape(len(aligned), -1, 2)
        spread = values[:ways] / np.sqrt(max(len(aligned) - 1, 1))
        shape = HandShape(mean, kept, spread, np.sqrt((left**2).sum(2).mean(0)))
    return shape
