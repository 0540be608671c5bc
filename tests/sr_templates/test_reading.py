"""Reports read again: by people as a tree, by programs as grades."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from scoring.result import ScoreItem
from sr_templates.errors import ForeignReportError
from sr_templates.read_back import read_back
from sr_templates.report_as_text import report_as_text
from tests.sr_templates import results_for_tests as results
from tests.sr_templates.written_objects import datasets_of


def report_of(make: Callable[[], results.ResultForTests]) -> Dataset:
    return datasets_of(make, "enhanced")[-1]


def without_region(item: ScoreItem) -> ScoreItem:
    """A report keeps the region in single precision, and gives every item one."""
    return replace(item, region=None, image=None)


@pytest.mark.parametrize(
    "make", [results.two_hands, results.one_hand, results.both_in_one, results.not_evaluable, results.with_intervals]
)
def test_grades_sums_and_reasons_are_read_back_equal(make: Callable[[], results.ResultForTests]) -> None:
    made = make()
    read = read_back(report_of(make), made.spec)
    assert {without_region(i) for i in read.items} == {without_region(i) for i in made.result.items}
    assert len(read.items) == len(made.result.items)
    assert set(read.totals) == set(made.result.totals)
    assert read.quality == made.result.quality
    assert read.not_evaluable == (made.result.not_evaluable and made.result.not_evaluable.reason)


def test_regions_and_images_are_read_back() -> None:
    made = results.two_hands()
    for item in read_back(report_of(results.two_hands), made.spec).items:
        written = made.result.item(item.site, item.item, item.side)
        assert item.image == written.image
        assert item.region == pytest.approx(written.region, abs=1e-3)


def test_a_foreign_report_is_refused() -> None:
    with pytest.raises(ForeignReportError, match="not an Imaging Measurement Report"):
        read_back(Dataset(), results.hand_spec())


def test_a_report_that_lost_its_region_is_refused() -> None:
    report = report_of(results.one_hand)
    measurements = next(i for i in report.ContentSequence if i.ConceptNameCodeSequence[0].CodeValue == "126010")
    group = measurements.ContentSequence[-1]
    group.ContentSequence = Sequence([i for i in group.ContentSequence if i.ValueType != "SCOORD"])
    with pytest.raises(ForeignReportError, match="Image Region"):
        read_back(report, results.hand_spec())


def test_the_tree_is_readable() -> None:
    lines = report_as_text(report_of(results.both_in_one)).splitlines()
    assert lines[0] == "Imaging Measurement Report  [COMPLETE, UNVERIFIED]"
    at = lines.index("    Measurement Group: SVDH R MCP2")
    group = lines[at + 1 : at + 14]
    assert "      Finding Site: Metacarpophalangeal Joint 2  (Laterality: Right)" in group
    assert any(line.startswith("      Sharp van der Heijde Bone Erosion Score: ") for line in group)
    assert (
        "      Reason joint not scored: Joint outside the image  (Pertains to: Sharp van der Heijde Bone"
        in "\n".join(lines)
    )
    assert "Müller" not in "\n".join(lines)


def test_foreign_items_do_not_stop_the_tree() -> None:
    report = Dataset()
    strange = Dataset()
    strange.ValueType = "NUM"
    by_reference = Dataset()
    by_reference.RelationshipType, by_reference.ReferencedContentItemIdentifier = "INFERRED FROM", [1, 2]
    empty = Dataset()
    circle = Dataset()
    circle.ValueType, circle.GraphicType, circle.GraphicData = "SCOORD", "CIRCLE", [1.0, 2.0, 3.0, 4.0]
    report.ContentSequence = Sequence([strange, by_reference, empty, circle])
    assert report_as_text(report).splitlines() == [
        "item",
        "  num: no value",
        "  item: see item [1, 2]",
        "  item",
        "  scoord: circle of 2 points",
    ]


def test_a_bottomless_tree_ends() -> None:
    report = inner = Dataset()
    for _ in range(200):
        child = Dataset()
        child.ValueType = "CONTAINER"
        inner.ContentSequence = Sequence([child])
        inner = child
    assert "deeper than 64 levels" in report_as_text(report)
