"""Crops: the same in training and scoring, whatever side, pose and exposure the film has."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.anatomy.found_hand import FoundHand, FoundSite
from scoring.phantoms.hand import HandPhantom, draw_hand
from scoring.score_rules.sharp_van_der_heijde import SITES
from scoring.systems.hand_joints.crop_book import CropBook, grade_table, hand_windows
from scoring.systems.hand_joints.preprocessing import (
    CROP,
    Grey,
    HandFrame,
    cut_crops,
    frame_of,
    frame_of_centres,
    normalised,
    site_boxes,
)


@pytest.fixture(scope="module")
def phantom() -> HandPhantom:
    return draw_hand(11, side="L", severity=0.4, grows=False)


def _found(phantom: HandPhantom) -> FoundHand:
    """The phantom's hand as a finder that never errs would say it."""
    frame = frame_of_centres(phantom.centres, phantom.side)
    to_source = np.column_stack([frame.axes * 3.7, [5.0, 6.0]])
    sites = {key: FoundSite(*phantom.centres[key], 1.0, "found") for key in SITES}
    return FoundHand(phantom.side, 1.0, False, (0.0, 0.0, 1.0, 1.0), to_source, frame.breadth, sites)


def _crops(pixels: Grey, frame: HandFrame) -> Grey:
    return normalised(cut_crops(pixels, frame))


def test_training_and_scoring_see_the_same(phantom: HandPhantom) -> None:
    learnt = CropBook(
        hand_windows(phantom.pixels, frame_of_centres(phantom.centres, phantom.side))[None],
        grade_table(phantom.grades)[None],
    ).crops()[0]
    scored = normalised(cut_crops(phantom.pixels, frame_of(_found(phantom))))
    assert scored.shape == (len(SITES), CROP, CROP)
    np.testing.assert_allclose(learnt, scored, atol=0.01)  # training keeps 16 bits of every value


def test_a_mirrored_film_of_the_other_hand_is_the_same_hand(phantom: HandPhantom) -> None:
    columns = phantom.pixels.shape[1]
    mirrored = {key: (columns - 1 - x, y) for key, (x, y) in phantom.centres.items()}
    left = _crops(phantom.pixels, frame_of_centres(phantom.centres, "L"))
    right = _crops(np.ascontiguousarray(phantom.pixels[:, ::-1]), frame_of_centres(mirrored, "R"))
    np.testing.assert_allclose(left, right, atol=1e-3)


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_a_turned_film_is_the_same_hand(phantom: HandPhantom, quarter_turns: int) -> None:
    turned, centres = phantom.pixels, dict(phantom.centres)
    for _ in range(quarter_turns):
        columns = turned.shape[1]
        turned = np.rot90(turned)
        centres = {key: (y, columns - 1 - x) for key, (x, y) in centres.items()}
    straight = _crops(phantom.pixels, frame_of_centres(phantom.centres, "L"))
    again = _crops(np.ascontiguousarray(turned), frame_of_centres(centres, "L"))
    np.testing.assert_allclose(straight, again, atol=1e-3)


def test_exposure_does_not_matter(phantom: HandPhantom) -> None:
    frame = frame_of_centres(phantom.centres, "L")
    pale = (phantom.pixels * 0.5 + 0.3).astype(np.float32)
    np.testing.assert_allclose(_crops(phantom.pixels, frame), _crops(pale, frame), atol=0.03)


def test_pixel_size_hardly_matters() -> None:
    fine, coarse = (draw_hand(11, side="L", severity=0.4, grows=False, spacing_mm=mm) for mm in (0.2, 0.3))
    first, second = (_crops(p.pixels, frame_of_centres(p.centres, "L")).ravel() for p in (fine, coarse))
    assert np.corrcoef(first, second)[0, 1] > 0.9


def test_the_frame_of_a_found_hand_is_that_of_its_sites(phantom: HandPhantom) -> None:
    found, known = frame_of(_found(phantom)), frame_of_centres(phantom.centres, "L")
    np.testing.assert_allclose(found.axes, known.axes, atol=1e-9)
    np.testing.assert_allclose(found.centres, known.centres)


def test_a_site_at_the_rim_has_a_whole_crop_and_a_box_on_the_film(phantom: HandPhantom) -> None:
    centres = dict(phantom.centres) | {"ULNA": (2.0, phantom.pixels.shape[0] - 3.0)}
    frame = frame_of_centres(centres, "L")
    crops = cut_crops(phantom.pixels, frame)
    assert np.isfinite(crops).all()
    x0, y0, x1, y1 = site_boxes(frame, phantom.pixels.shape)[SITES.index("ULNA")]
    assert 0 <= x0 < x1 <= phantom.pixels.shape[1] - 1
    assert 0 <= y0 < y1 <= phantom.pixels.shape[0] - 1
