"""A picture that cannot be read is told from one that can, with the reason and what to do."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from scoring.capillaroscopy.picture_quality import ADVICE, judge_picture
from scoring.capillaroscopy.sharpness import Pixels, sharpness
from scoring.phantoms.nailfold.nailfold import NailfoldPhantom, draw_nailfold
from scoring.phantoms.nailfold.patient import draw_patient
from scoring.quality import DIAGNOSTIC, NON_DIAGNOSTIC

_SEEDS = range(70, 76)


@cache
def _picture(seed: int, too_blurry: bool = False, tone: float | None = None) -> NailfoldPhantom:
    return draw_nailfold(draw_patient(seed, tone=tone), "R", "RING", columns=400, too_blurry=too_blurry)


@pytest.mark.parametrize("tone", [1.0, 5.0, 10.0])
def test_a_sharp_picture_of_any_skin_is_fit(tone: float) -> None:
    picture = _picture(81, tone=tone)
    quality = judge_picture(picture.pixels, picture.view.um_per_px)
    assert (quality.verdict, quality.faults, quality.advice) == (DIAGNOSTIC, (), "")


@pytest.mark.parametrize("scaled", [True, False])
def test_blur_is_measured_with_a_scale_and_without(scaled: bool) -> None:
    # given the same fingers, pictured sharply and not
    values = {
        blurry: [sharpness(p.pixels, p.view.um_per_px if scaled else None) for p in _pictures(blurry)]
        for blurry in (False, True)
    }
    # then every sharp one is sharper than every blurred one
    assert min(values[False]) > max(values[True])


def test_a_blurred_picture_is_to_be_taken_again() -> None:
    picture = _picture(71, too_blurry=True)
    quality = judge_picture(picture.pixels, picture.view.um_per_px)
    assert quality.verdict == NON_DIAGNOSTIC
    assert quality.faults == ("too_blurry",)
    assert quality.advice == "Too blurry: hold the lens still on the oil and take it again."


def test_a_network_that_learnt_blur_decides_instead() -> None:
    blurred, sharp = _picture(71, too_blurry=True).pixels, _picture(71).pixels
    assert judge_picture(blurred, 3.0, 0.1).fit
    assert judge_picture(sharp, 3.0, 0.9).faults == ("too_blurry",)
    assert judge_picture(sharp, 3.0, 0.4, blur_threshold=0.3).faults == ("too_blurry",)


@pytest.mark.parametrize(("light", "fault"), [(0.2, "under_exposed"), (2.2, "over_exposed")])
def test_wrong_light_is_the_only_thing_said(light: float, fault: str) -> None:
    pixels = np.clip(_picture(71, too_blurry=True).pixels * light, 0, 255).astype(np.uint8)
    quality = judge_picture(pixels, 3.0, nailfold_in_view=False)
    assert quality.faults == (fault,)
    assert quality.advice == ADVICE[fault]


def test_shine_over_a_quarter_of_the_picture_is_glare() -> None:
    pixels = _picture(72).pixels.copy()
    pixels[: pixels.shape[0] // 2, : pixels.shape[1] // 2] = 250
    assert judge_picture(pixels, 3.0, 0.0).faults == ("glare",)


def test_what_is_no_nailfold_is_not_told_to_be_held_still() -> None:
    assert judge_picture(_picture(71, too_blurry=True).pixels, 3.0, nailfold_in_view=False).faults == ("no_nailfold",)


def test_numbers_from_nought_to_one_are_judged_like_bytes() -> None:
    picture = _picture(73)
    as_numbers: Pixels = (picture.pixels / 255).astype(np.float32)
    for scale in (picture.view.um_per_px, None):
        assert sharpness(as_numbers, scale) == pytest.approx(sharpness(picture.pixels, scale), rel=0.05)


@pytest.mark.parametrize("um_per_px", [1e-6, 1e6])
@pytest.mark.parametrize("value", [0, 255])
def test_an_empty_picture_and_a_mistyped_scale_are_answered(value: int, um_per_px: float) -> None:
    pixels = np.full((40, 60, 3), value, np.uint8)
    assert judge_picture(pixels, um_per_px).faults == ("under_exposed" if value == 0 else "over_exposed",)


def _pictures(too_blurry: bool) -> list[NailfoldPhantom]:
    return [_picture(seed, too_blurry) for seed in _SEEDS]
