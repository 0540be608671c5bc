"""The packaged ensemble: what is promised of it, on phantoms that no training saw."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from pydicom.dataset import Dataset

from scoring.agreement.correlation import pearson_correlation
from scoring.catalogue import find_spec, open_system
from scoring.contract import Findings, ScoringContext, ScoringSystem
from scoring.evaluation.damaged_joints import joint_boxes
from scoring.image import ScoringImage
from scoring.learning.figures_file import read_figures
from scoring.phantoms.hand import HandPhantom, draw_hand
from scoring.study import TrialContext, read_image_reference

SPEC: Final = find_spec("svdh_hands")
UNSEEN: Final = range(960_000, 960_012)


@pytest.fixture(scope="module")
def system() -> ScoringSystem:
    return open_system("svdh_hands")


@pytest.fixture(scope="module")
def hands() -> list[HandPhantom]:
    """From untouched to destroyed."""
    return [draw_hand(seed, side="R", severity=n / 11, spacing_mm=0.3) for n, seed in enumerate(UNSEEN)]


@pytest.fixture(scope="module")
def scored(system: ScoringSystem, hands: list[HandPhantom]) -> list[Findings]:
    return [system.score([film(hand)], (), ScoringContext(TrialContext())) for hand in hands]


def film(hand: HandPhantom) -> ScoringImage:
    rows, columns = hand.pixels.shape
    blank = read_image_reference(Dataset(), "", "")
    reference = replace(blank, sop_instance_uid=f"2.25.{hand.seed}", laterality="R", rows=rows, columns=columns)
    return ScoringImage(reference, hand.pixels, None, "unknown")


def test_sums_of_unseen_hands_follow_their_damage(hands: list[HandPhantom], scored: list[Findings]) -> None:
    said = [next(total.value for total in found.totals if total.key == "svdh.all.R") for found in scored]
    truth = [sum(hand.grades.values()) for hand in hands]
    assert None not in said
    assert pearson_correlation(truth, [value or 0.0 for value in said]) > 0.95


def test_heat_lies_on_damaged_joints_and_untouched_hands_stay_cold(
    hands: list[HandPhantom], scored: list[Findings]
) -> None:
    heat = [found.heatmaps[0].grid.astype(float) for found in scored]
    assert heat[0].max() < 0.5 * heat[-1].max()
    # then: of the hands with damage and without, joints that are damaged are the hotter ones
    damaged, untouched = [], []
    for hand, grid in zip(hands[3:8], heat[3:8], strict=True):
        worst = {site: max(g for (s, _), g in hand.grades.items() if s == site) for site in hand.centres}
        for site, box in joint_boxes(hand.centres).items():
            x0, y0, x1, y1 = (box / hand.pixels.shape[0] * grid.shape[0]).astype(int)
            (damaged if worst[site] >= 2 else untouched).append(grid[max(y0, 0) : y1, max(x0, 0) : x1].mean())
    assert np.mean(damaged) > 1.3 * np.mean(untouched)


def test_the_packaged_figures_reach_the_bars() -> None:
    figures = read_figures(SPEC.folder)
    assert figures["phantoms"]["hand"]["pearson_correlation"] >= 0.98
    assert figures["phantoms"]["both"]["pearson_correlation"] >= 0.98
    assert figures["phantoms"]["severity"]["within_one_class"] >= 0.95


def test_the_packaged_evaluation_says_that_the_map_rests_on_what_was_learnt() -> None:
    heatmap = json.loads((SPEC.folder / "evaluation.json").read_text(encoding="utf-8"))["heatmap"]
    hits, blind = (
        heatmap[key]["value"] for key in ("hottest_point_in_the_damaged_joint_box", "the_same_with_shuffled_weights")
    )
    assert hits >= blind + 0.3
    assert heatmap["left_hottest_first"][-1] < heatmap["left_mirrored_place"][-1]


def test_the_packaged_weights_are_small() -> None:
    assert sum(path.stat().st_size for path in Path(SPEC.folder).glob("*.safetensors")) < 12e6
