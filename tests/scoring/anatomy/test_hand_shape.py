"""The canonical frame and the shape of a hand."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.anatomy.film_view import inverse, moved
from scoring.anatomy.hand_shape import PALM_CENTRE, PALM_LENGTH, canonical_affine, learn_shape


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_canonical_palm_lies_where_it_is_said(mirrored: bool) -> None:
    centre, up = np.array([310.0, 420.0]), np.array([60.0, -180.0])
    affine = canonical_affine(centre, up, mirrored)
    assert moved(affine, np.array(PALM_CENTRE)) == pytest.approx(centre)
    fingers = moved(affine, np.array(PALM_CENTRE) - [0, PALM_LENGTH / 2])
    assert fingers == pytest.approx(centre + up / 2)
    assert (np.linalg.det(affine[:, :2]) < 0) == mirrored
    assert moved(inverse(affine), moved(affine, np.array([3.0, 5.0]))) == pytest.approx([3.0, 5.0])


def test_a_misplaced_site_is_pulled_back_to_the_hand() -> None:
    rng = np.random.default_rng(1)
    mean = rng.normal(0, 40, (22, 2))
    way = rng.normal(0, 1, (22, 2))
    hands = np.array([mean + rng.normal() * 4 * way + rng.normal(0, 0.3, (22, 2)) for _ in range(60)])
    shape = learn_shape(hands, ways=4)
    hand = mean + 6 * way
    wrong = hand.copy()
    wrong[5] += [30.0, -20.0]
    trust = np.ones(22)
    trust[5] = 0.05
    likely = shape.nearest(wrong, trust)
    assert np.hypot(*(likely[5] - hand[5])) < 6
    assert np.median(np.hypot(*(likely - hand).T)) < 2


def test_pose_finds_turn_size_and_place() -> None:
    rng = np.random.default_rng(2)
    hands = rng.normal(0, 40, (22, 2)) + rng.normal(0, 0.5, (30, 22, 2))
    shape = learn_shape(hands)
    turn = np.array([[0.0, -2.0], [2.0, 0.0]])
    pose = shape.pose(shape.mean @ turn.T + [7.0, 9.0], np.ones(22))
    assert pose[:, :2] == pytest.approx(turn, abs=1e-6)
    assert pose[:, 2] == pytest.approx([7.0, 9.0], abs=1e-6)
