"""Erosions drawn into healthy joints: darker at a margin of bone, graded as drawn, the rest left alone."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.phantoms.hand import draw_hand
from scoring.score_rules.sharp_van_der_heijde import SITES
from scoring.systems.hand_joints.crop_book import NOT_GRADED, CropBook, grade_table, hand_windows
from scoring.systems.hand_joints.drawn_erosions import eroded, with_drawn_erosions
from scoring.systems.hand_joints.preprocessing import WINDOW, frame_of_centres


@pytest.fixture(scope="module")
def healthy() -> CropBook:
    phantom = draw_hand(5, side="L", severity=0.0, grows=False)
    windows = hand_windows(phantom.pixels, frame_of_centres(phantom.centres, phantom.side))
    return CropBook(windows[None], grade_table(phantom.grades)[None])


def test_a_notch_is_dark_near_the_joint_and_nothing_else_changes(healthy: CropBook) -> None:
    window = healthy.windows[0, SITES.index("MCP3")].astype(np.float32)
    changed = eroded(window, 3, np.random.default_rng(1))
    loss = window - changed
    assert loss.max() > 0.1 * np.ptp(window)
    assert loss.min() >= 0
    rows, columns = np.nonzero(loss > 0.01)
    middle = (WINDOW - 1) / 2
    assert np.hypot(rows - middle, columns - middle).max() < 36
    assert (loss == 0).mean() > 0.8


def test_a_higher_grade_takes_more_bone_away(healthy: CropBook) -> None:
    window = healthy.windows[0, SITES.index("PIP3")].astype(np.float32)

    def lost(grade: int) -> float:
        each = [float((window - eroded(window, grade, np.random.default_rng(n))).sum()) for n in range(8)]
        return float(np.mean(each))

    assert lost(1) < lost(2) < lost(4)


def test_grades_say_what_was_drawn(healthy: CropBook) -> None:
    drawn = with_drawn_erosions(healthy, copies=3, seed=8)
    assert len(drawn) == 3
    for hand in range(3):
        for site in range(len(SITES)):
            changed = bool((drawn.windows[hand, site] != healthy.windows[0, site]).any())
            assert changed == (drawn.grades[hand, site, 0] > 0)
    assert (drawn.grades[..., 1] == np.concatenate([healthy.grades] * 3)[..., 1]).all()
    again = with_drawn_erosions(healthy, copies=3, seed=8)
    assert (again.windows == drawn.windows).all()


def test_sites_that_were_not_seen_stay_ungraded(healthy: CropBook) -> None:
    unseen = CropBook(healthy.windows, np.full_like(healthy.grades, NOT_GRADED))
    assert (with_drawn_erosions(unseen, copies=1, seed=8).grades == NOT_GRADED).all()
