"""Two totals of one hand are further apart than both intervals explain, or they are not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scoring.catalogue import find_spec
from scoring.result import ScoreResult, ScoreTotal
from scoring.second_opinion import AGREES, DIFFERS, second_opinion
from scoring.spec import read_spec
from tests.scoring.test_result import result as bare_result
from tests.sr_templates import results_for_tests as results

HAND = find_spec("hand_joints")
OTHER = read_spec(Path(__file__).parents[1] / "toy_systems" / "toy_opinion" / "spec.toml")
IMAGES = results.two_hands().result.images


def ours(value: float, reach: float, **more: object) -> ScoreResult:
    total = ScoreTotal("svdh.all.L", "L", value, round(value), 31, 31, 140.0, interval=(value - reach, value + reach))
    return bare_result(system="hand_joints", images=IMAGES, totals=(replace(total, **more),))  # type: ignore[arg-type]


def theirs(value: float, reach: float, **more: object) -> ScoreResult:
    total = ScoreTotal("toy.L", "L", value, round(value), 1, 1, 140.0, interval=(value - reach, value + reach))
    return bare_result(system="toy_opinion", images=IMAGES, totals=(replace(total, **more),))  # type: ignore[arg-type]


@pytest.mark.parametrize(("apart", "verdict"), [(0, AGREES), (4.9, AGREES), (5.1, DIFFERS), (-5.1, DIFFERS)])
def test_errors_of_two_systems_add_up_as_independent_ones_do(apart: float, verdict: object) -> None:
    """Given reaches of 3 and 4: up to 5 is what both explain."""
    found = second_opinion(ours(40, 3), HAND, theirs(40 + apart, 4), OTHER)
    assert found is not None
    assert found.verdict == verdict
    [compared] = found.totals
    assert (compared.key, compared.value, compared.beyond) == ("svdh.all.L", 40 + apart, verdict == DIFFERS)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ours(40, 3, interval=None), theirs(90, 4)),
        (ours(40, 3), theirs(90, 4, interval=None)),
        (ours(40, 3, assessed=30), theirs(90, 4)),
        (ours(40, 3, side="R", key="svdh.all.R"), theirs(90, 4)),
        (ours(40, 3, key="svdh.erosion.L"), theirs(90, 4)),
        (ours(40, 3), replace(theirs(90, 4), images=(replace(IMAGES[0], content_sha256="ef" * 32),))),
    ],
    ids=["no interval", "no interval there", "a part of the sites", "other hand", "something else", "other images"],
)
def test_what_is_not_the_same_quantity_of_the_same_images_is_not_compared(one: ScoreResult, other: ScoreResult) -> None:
    assert second_opinion(one, HAND, other, OTHER) is None
