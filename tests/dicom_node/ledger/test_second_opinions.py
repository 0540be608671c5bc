"""The later of two systems' results compares itself with the one that stands; what is gone has no say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dicom_node.ledger import second_opinions
from dicom_node.withdrawal import withdraw_study
from scoring.catalogue import find_spec
from scoring.result import ScoreResult
from scoring.second_opinion import AGREES, DIFFERS
from scoring.spec import SystemSpec, read_spec
from tests.dicom_node.delivery.driven_node import DrivenNode

STUDY = "1.2.3.1"
TOY = Path(__file__).parents[2] / "toy_systems" / "toy_opinion" / "spec.toml"


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DrivenNode]:
    """A node on which the toy is installed beside the system that is packaged."""
    known = {"toy_opinion": read_spec(TOY)}

    def find(key: str) -> SystemSpec:
        return known.get(key) or find_spec(key)

    monkeypatch.setattr(second_opinions, "find_spec", find)
    with DrivenNode(tmp_path / "data") as made:
        yield made


def scored(node: DrivenNode) -> ScoreResult:
    """A result of hand_joints with intervals, as it stands in the ledger."""
    first = node.score(STUDY)
    totals = tuple(replace(t, interval=((t.value or 0) - 3, (t.value or 0) + 3)) for t in first.totals)
    return node.keep(replace(first, totals=totals), node.header(first))


def opinion(first: ScoreResult, apart: float) -> ScoreResult:
    """The toy's result on the same images: the left hand's sum, so far off."""
    own = next(total for total in first.totals if total.key == "svdh.all.L")
    value = (own.value or 0) + apart
    total = replace(own, key="toy.L", value=value, grade=round(value), interval=(value - 4, value + 4))
    return replace(first, system="toy_opinion", totals=(total,), items=(), heatmaps=(), second_opinions=())


@pytest.mark.parametrize(("apart", "verdict"), [(2.0, AGREES), (9.0, DIFFERS)])
def test_the_later_result_names_the_one_that_stands_and_how_far_both_agree(
    node: DrivenNode, apart: float, verdict: object
) -> None:
    first = scored(node)
    assert first.second_opinions == ()
    later = node.keep(opinion(first, apart), node.header(first))
    [found] = later.second_opinions
    assert (found.system, found.digest, found.verdict) == ("hand_joints", first.digest, verdict)
    again = node.keep(replace(first, notes=("scored again",)), node.header(first))
    assert [(one.system, one.digest, one.verdict) for one in again.second_opinions] == [
        ("toy_opinion", later.digest, verdict)
    ]
    assert again.predecessor is not None and again.predecessor.digest == first.digest


def test_what_was_withdrawn_has_no_opinion_and_is_asked_for_none(node: DrivenNode) -> None:
    first = scored(node)
    with node.ledger.write() as session:
        withdraw_study(session, node.workplace.settings, STUDY, "wrong hand", datetime.now(UTC), "test")
    assert node.keep(opinion(first, 9.0), node.header(first)).second_opinions == ()
