"""An ensemble on phantoms: sums, a class, heat on the hand, and reasons where there is nothing.

The networks are as they begin, so that nothing here rests on what was learnt.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import pytest
import torch
from pydicom.dataset import Dataset

from scoring.catalogue import find_spec, open_spec
from scoring.contract import Findings, ScoringContext, ScoringSystem
from scoring.errors import WeightsError
from scoring.image import ScoringImage
from scoring.learning.run_files import RunFiles
from scoring.learning.stacking import Stack
from scoring.networks.timm_trunk import TimmTrunk
from scoring.networks.torch_start import start_torch
from scoring.networks.whole_hand import WholeHandNetwork
from scoring.phantoms.hand import HandPhantom, draw_hand
from scoring.result import ScoreTotal
from scoring.score_rules.sharp_van_der_heijde import Side
from scoring.study import TrialContext, read_image_reference
from scoring.systems.svdh_hands.ensemble_file import EnsembleShape, MemberShape, ensemble_text, read_ensemble
from scoring.systems.svdh_hands.learning import Learnt
from scoring.systems.svdh_hands.learnt_files import write_ensemble
from scoring.systems.svdh_hands.totals import severity_cuts
from scoring.systems.svdh_hands.training_recipe import read_recipe
from tests.scoring.systems.svdh_hands.small_recipe import SMALL_RECIPE, small_recipe

MEMBERS: Final = ("plain", "other")
RECIPE: Final = SMALL_RECIPE.replace('name = "tiny"', 'name = "plain"').replace(
    "[totals]", '[[members]]\nname = "other"\nbackbone = "mobilenetv2_035"\n\n[totals]'
)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> ScoringSystem:
    start_torch()
    folder, spec = tmp_path_factory.mktemp("run"), find_spec("svdh_hands")
    torch.manual_seed(1)
    cuts = severity_cuts(spec)
    networks = {name: WholeHandNetwork(TimmTrunk.untrained("mobilenetv2_035"), cuts) for name in MEMBERS}
    learnt = Learnt(networks, Stack(MEMBERS, (0.5, 0.5), 1.0, "ridge"), {})
    files = RunFiles("svdh_hands", folder, "for tests", "none", "Nothing.", ("none",), "none", demonstration=True)
    files.write_record(write_ensemble(files, read_recipe(small_recipe(folder, RECIPE)), learnt))
    return open_spec(spec.with_weights(folder))


@pytest.fixture(scope="module")
def hand() -> HandPhantom:
    return draw_hand(960_000, side="R", severity=0.5, grows=False)


def film(hand: HandPhantom) -> ScoringImage:
    blank = read_image_reference(Dataset(), "", "")
    rows, columns = hand.pixels.shape
    reference = replace(blank, sop_instance_uid=f"2.25.{hand.seed}{hand.side == 'L':d}", laterality=hand.side)
    return ScoringImage(replace(reference, rows=rows, columns=columns), hand.pixels, None, "unknown")


def scored(system: ScoringSystem, *hands: HandPhantom) -> Findings:
    return system.score([film(hand) for hand in hands], (), ScoringContext(TrialContext()))


def total(findings: Findings, key: str) -> ScoreTotal:
    return next(one for one in findings.totals if one.key == key)


def test_both_hands_have_a_total_and_its_class(system: ScoringSystem, hand: HandPhantom) -> None:
    other = draw_hand(hand.seed, side="L", severity=0.5, grows=False)
    findings = scored(system, hand, other)
    right, left, both = (total(findings, f"svdh.all.{side}") for side in ("R", "L", "both"))
    assert right.value is not None and left.value is not None and both.value is not None
    assert both.value == pytest.approx(right.value + left.value, abs=1e-3)
    severity = total(findings, "svdh.severity.both")
    assert severity.grade is not None and severity.value is not None
    assert 0 <= severity.grade <= 7 and abs(severity.grade - severity.value) < 1.5
    assert [(item.side, item.item, item.status) for item in findings.items] == [
        ("R", "total", "scored"),
        ("L", "total", "scored"),
    ]


def test_a_hand_that_no_film_shows_has_a_reason_and_both_have_no_total(
    system: ScoringSystem, hand: HandPhantom
) -> None:
    findings = scored(system, hand)
    left = next(item for item in findings.items if item.side == "L")
    assert (left.status, left.value, left.reason) == ("not_imaged", None, system.spec.reasons["not_imaged"])
    for key in ("svdh.all.both", "svdh.severity.both"):
        found = total(findings, key)
        assert (found.value, found.grade, found.reason) == (None, None, system.spec.reasons["incomplete"])
        assert (found.assessed, found.planned) == (1, 2)
    assert total(findings, "svdh.all.L").reason == system.spec.reasons["none_assessed"]


def test_a_picture_without_a_hand_is_not_evaluable(system: ScoringSystem) -> None:
    noise = np.random.default_rng(1).uniform(0, 1, (300, 300)).astype(np.float32)
    image = film(draw_hand(0, spacing_mm=0.6))
    findings = system.score([replace(image, pixels=noise)], (), ScoringContext(TrialContext()))
    assert findings.not_evaluable is not None
    assert findings.not_evaluable.reason == system.spec.reasons["no_hand"]
    assert not findings.items and not findings.totals


def test_the_heat_lies_on_the_hand(system: ScoringSystem, hand: HandPhantom) -> None:
    found = scored(system, hand).heatmaps[0]
    assert (found.method, found.grid.dtype) == ("Grad-CAM", np.uint8)
    assert found.grid.max() > 0
    # then: the box of the sites holds more of the heat than of the film
    scale = hand.pixels.shape[0] / found.grid.shape[0]
    places = np.array(list(hand.centres.values())) / scale
    (left, top), (right, bottom) = places.min(0).astype(int), places.max(0).astype(int)
    inside = found.grid[top:bottom, left:right]
    assert inside.sum() / found.grid.sum(dtype=float) > 1.2 * inside.size / found.grid.size


def test_the_same_film_gives_the_same_answer(system: ScoringSystem, hand: HandPhantom) -> None:
    one, again = scored(system, hand), scored(system, hand)
    assert one.totals == again.totals
    assert np.array_equal(one.heatmaps[0].grid, again.heatmaps[0].grid)


@pytest.mark.parametrize("side", ["L", "R"])
def test_the_side_is_the_headers(system: ScoringSystem, side: Side) -> None:
    findings = scored(system, draw_hand(961_000, side=side, grows=False))
    assert [item.side for item in findings.items if item.status == "scored"] == [side]


def test_what_an_ensemble_is_comes_back_from_its_file() -> None:
    stack = Stack(("slim", "plain"), (0.25, 0.5), 1.5, "ridge")
    members = (MemberShape("slim", "resnet18", {"channels": [8, 16, 32, 64]}), MemberShape("plain", "resnet18", {}))
    shape = EnsembleShape(96, members, stack)
    assert read_ensemble(ensemble_text(shape).encode()) == shape
    with pytest.raises(WeightsError, match="restore it, or train again"):
        read_ensemble(b"pixels = 96\n")
