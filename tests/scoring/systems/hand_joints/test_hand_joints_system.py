"""The system as the node uses it, with its packaged weights: one hand, both, turned, mirrored, inverted, none."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from scoring.catalogue import find_spec
from scoring.contract import Findings, ScoringContext, ScoringSystem
from scoring.errors import WeightsError
from scoring.image import scoring_image
from scoring.phantoms.hand import HandPhantom, draw_both_hands, draw_hand
from scoring.result import ScoreItem
from scoring.score_rules.sharp_van_der_heijde import SITES
from scoring.study import TrialContext
from scoring.systems.hand_joints.system import open_system
from tests.scoring.systems.hand_joints.films import film, image_reference

CONTEXT = ScoringContext(TrialContext())


@pytest.fixture(scope="module")
def left() -> HandPhantom:
    return draw_hand(21, side="L", severity=0.35, grows=False)


@pytest.fixture(scope="module")
def left_findings(hand_joints: ScoringSystem, left: HandPhantom) -> Findings:
    return hand_joints.score([film(left.pixels)], (), CONTEXT)


def _scored(findings: Findings, side: str) -> dict[str, ScoreItem]:
    return {f"{i.site}.{i.item}": i for i in findings.items if i.side == side and i.status == "scored"}


def _mean_difference(first: dict[str, ScoreItem], second: dict[str, ScoreItem]) -> float:
    both = first.keys() & second.keys()
    assert len(both) >= 20
    return float(np.mean([abs((first[k].value or 0.0) - (second[k].value or 0.0)) for k in both]))


def test_one_hand_is_graded_and_the_other_is_said_to_be_missing(left_findings: Findings) -> None:
    assert left_findings.not_evaluable is None
    assert len(left_findings.items) == 62
    assert {i.status for i in left_findings.items if i.side == "R"} == {"not_imaged"}
    assert len(_scored(left_findings, "L")) >= 25
    for item in _scored(left_findings, "L").values():
        assert item.region is not None
        assert item.certainty is not None
        assert sum(item.probabilities) == pytest.approx(1, abs=1e-3)
        mean = sum(g * p for g, p in enumerate(item.probabilities))
        assert item.value == pytest.approx(mean, abs=1e-3)
    whole = next(t for t in left_findings.totals if t.key == "svdh.all.both")
    assert (whole.value, whole.grade) == (None, None)
    assert whole.reason is not None


def test_boxes_lie_around_the_joints(left: HandPhantom, left_findings: Findings) -> None:
    inside = []
    for item in _scored(left_findings, "L").values():
        assert item.region is not None
        (x, y), (x0, y0, x1, y1) = left.centres[item.site], item.region
        inside.append(x0 <= x <= x1 and y0 <= y <= y1)
    assert np.mean(inside) >= 0.95


def test_scored_twice_it_is_the_same_to_the_last_bit(
    hand_joints: ScoringSystem, left: HandPhantom, left_findings: Findings
) -> None:
    again = hand_joints.score([film(left.pixels)], (), CONTEXT)
    assert again.items == left_findings.items
    assert again.totals == left_findings.totals
    assert (again.heatmaps[0].grid == left_findings.heatmaps[0].grid).all()


def test_a_mirrored_film_is_the_other_hand_with_the_same_grades(
    hand_joints: ScoringSystem, left: HandPhantom, left_findings: Findings
) -> None:
    mirrored = hand_joints.score([film(left.pixels[:, ::-1])], (), CONTEXT)
    assert [h.side for h in mirrored.hands] == ["R"]
    assert _mean_difference(_scored(left_findings, "L"), _scored(mirrored, "R")) < 0.15


def test_a_film_upside_down_has_the_same_grades(
    hand_joints: ScoringSystem, left: HandPhantom, left_findings: Findings
) -> None:
    turned = hand_joints.score([film(np.rot90(left.pixels, 2))], (), CONTEXT)
    assert [h.side for h in turned.hands] == ["L"]
    assert _mean_difference(_scored(left_findings, "L"), _scored(turned, "L")) < 0.15


def test_monochrome1_is_read_like_monochrome2(hand_joints: ScoringSystem, left: HandPhantom) -> None:
    stored = np.rint(left.pixels * 4000).astype(np.uint16)
    findings = []
    for interpretation, values in (("MONOCHROME2", stored), ("MONOCHROME1", stored.max() + stored.min() - stored)):
        header = Dataset()
        header.PhotometricInterpretation = interpretation
        image = scoring_image(header, values, image_reference("1.2.4"))
        findings.append(hand_joints.score([image], (), CONTEXT))
    assert _mean_difference(_scored(findings[0], "L"), _scored(findings[1], "L")) < 0.01


def test_both_hands_on_one_film(hand_joints: ScoringSystem) -> None:
    pixels, _, hands = draw_both_hands(31, severity=0.3, grows=False)
    findings = hand_joints.score([film(pixels)], (), CONTEXT)
    assert sorted(h.side for h in findings.hands) == ["L", "R"]
    assert any("both hands on one film" in note for note in findings.notes)
    assert len(findings.heatmaps) == 1
    assert findings.heatmaps[0].grid.dtype == np.uint8
    for hand in hands:
        box = next(h.box for h in findings.hands if h.side == hand.side)
        x, y = np.mean([hand.centres[site] for site in SITES], axis=0)
        assert box[0] < x < box[2]
        assert box[1] < y < box[3]


def test_of_two_exposures_of_one_side_the_later_is_graded(hand_joints: ScoringSystem, left: HandPhantom) -> None:
    first, second = film(left.pixels, "1.2.7", "L"), film(left.pixels, "1.2.6", "L")
    second = replace(second, reference=replace(second.reference, acquired_at="20260102", instance_number=2))
    findings = hand_joints.score([first, second], (), CONTEXT)
    assert {i.image for i in findings.items if i.status == "scored"} == {"1.2.6"}
    rule, why = findings.left_out["1.2.7"]
    assert rule == "latest_exposure_of_side"
    assert "later" in why
    assert [h.image for h in findings.heatmaps] == ["1.2.6"]


def test_a_header_that_names_the_other_side_is_told(hand_joints: ScoringSystem, left: HandPhantom) -> None:
    findings = hand_joints.score([film(left.pixels, laterality="R")], (), CONTEXT)
    (hand,) = findings.hands
    assert hand.header_disagrees
    assert any("the header says right" in note for note in findings.notes)


def test_no_hand_is_a_result_with_its_reason(hand_joints: ScoringSystem) -> None:
    noise = np.random.default_rng(1).uniform(size=(500, 400)).astype(np.float32)
    findings = hand_joints.score([film(noise)], (), CONTEXT)
    assert findings.not_evaluable is not None
    assert findings.not_evaluable.reason == hand_joints.spec.reasons["no_hand"]
    assert "probability" in findings.not_evaluable.explanation
    assert findings.items == ()
    assert findings.left_out["1.2.4"][0] == "no_hand"


def test_an_image_without_a_hand_beside_one_with(hand_joints: ScoringSystem, left: HandPhantom) -> None:
    noise = np.random.default_rng(1).uniform(size=(500, 400)).astype(np.float32)
    findings = hand_joints.score([film(noise, "1.2.8"), film(left.pixels, "1.2.9")], (), CONTEXT)
    assert findings.not_evaluable is None
    assert list(findings.left_out) == ["1.2.8"]
    assert {i.image for i in findings.items if i.status == "scored"} == {"1.2.9"}


def test_the_statement_and_the_weights_are_those_of_the_records(hand_joints: ScoringSystem) -> None:
    assert "demonstration weights" in hand_joints.statement
    assert "joint_grader" in {w.role for w in hand_joints.weights}
    assert len(hand_joints.weights) >= 3
    assert all(w.licence and w.learnt_from and w.demonstration for w in hand_joints.weights)
    assert sum(w.path.stat().st_size for w in hand_joints.weights) < 6_000_000


def test_a_changed_weight_file_is_refused(tmp_path: Path) -> None:
    spec = find_spec("hand_joints")
    for name in ("weights.toml", "joint_grader.safetensors"):
        shutil.copy(spec.folder / name, tmp_path / name)
    changed = bytearray((tmp_path / "joint_grader.safetensors").read_bytes())
    changed[-7] ^= 1
    (tmp_path / "joint_grader.safetensors").write_bytes(changed)
    with pytest.raises(WeightsError, match="was changed"):
        open_system(replace(spec, weights_files=(tmp_path / "weights.toml", *spec.weights_files[1:])))
