"""The report in words alone: what a person reads in it, and that it holds nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from sr_templates.errors import InvalidObjectError
from sr_templates.iod_check import refuse_invalid_object
from sr_templates.report_sentences import site_sentences, sum_sentences
from tests.judges.dicom3tools import iod_complaints
from tests.judges.dsrdump import report_complaints
from tests.sr_templates import results_for_tests as results
from tests.sr_templates.test_measurement_report import instances_in, items_below, name_of
from tests.sr_templates.written_objects import datasets_of, report_of

CASES = [
    results.two_hands,
    results.both_in_one,
    results.with_intervals,
    results.not_evaluable,
    results.follow_up,
    results.re_issued,
    results.withdrawn,
    results.several_images,
    results.photo,
]


def words_of(report: Dataset) -> list[str]:
    return [item.TextValue for item in items_below(report) if item.ValueType == "TEXT"]


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_the_judges_find_nothing(make: Callable[[], results.ResultForTests], tmp_path: Path) -> None:
    path = tmp_path / "report.dcm"
    report_of(make, "basic_text").save_as(path)
    assert iod_complaints(path) == []
    assert report_complaints(path) == []


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_it_holds_words_codes_and_references_alone(make: Callable[[], results.ResultForTests]) -> None:
    report = report_of(make, "basic_text")
    assert report.SOPClassUID == "1.2.840.10008.5.1.4.1.1.88.11"
    allowed = {"CONTAINER", "TEXT", "CODE", "UIDREF", "IMAGE", "COMPOSITE"}
    assert {item.ValueType for item in items_below(report)} <= allowed
    assert name_of(report) == "18748-4"


def test_every_site_is_a_sentence_with_its_zeros() -> None:
    made = results.two_hands()
    words = words_of(report_of(results.two_hands, "basic_text"))
    for side, name in (("R", "Right"), ("L", "Left")):
        for site in made.spec.sites:
            items = [made.result.item(site.key, key, side) for key in site.items]  # type: ignore[arg-type]  # a literal
            told = ", ".join(
                f"{made.spec.item(i.item).label.lower()} {i.grade} (expected {i.value:.1f}, certainty 73 %)"
                for i in items
            )
            assert f"{name} {site.label}: {told}." in words
    assert any("erosion 0 (expected 0.1" in line for line in words)


def test_gaps_and_sums_say_why_and_of_how_many() -> None:
    words = words_of(report_of(results.both_in_one, "basic_text"))
    assert "Right PIP 5: not scored (not assessable): Joint outside the image." in words
    sums = [line for line in words if "planned grades" in line]
    assert len(sums) == 9
    assert any("no sum: " in line and "59 of 62" in line for line in sums)
    assert any("of at most 80 (expected " in line and "15 of 16" in line for line in sums)


def test_intervals_and_people_are_named() -> None:
    made = results.with_intervals()
    first = replace(made.result.items[0], origin="human", value=None)
    only = replace(made.result, items=(first,))
    assert site_sentences(only, made.spec) == [
        f"Right Thumb IP: erosion {first.grade} (certainty 73 %, 95 % interval "
        f"{first.interval[0]:.1f} to {first.interval[1]:.1f}, entered by a person)."  # type: ignore[index]
    ]
    assert all("95 % interval" in line for line in sum_sentences(made.result, made.spec))


def test_images_pictures_and_earlier_reports_are_referred_to() -> None:
    made = results.follow_up()
    *pictures, report = datasets_of(results.follow_up, "basic_text")
    named = [i for i in items_below(report) if i.ValueType in ("IMAGE", "COMPOSITE")]
    uids = {i.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for i in named}
    assert uids == {i.sop_instance_uid for i in made.result.images} | {p.SOPInstanceUID for p in pictures} | {
        "2.25.910"
    }
    evidence = instances_in([*report.CurrentRequestedProcedureEvidenceSequence, *report.PertinentOtherEvidenceSequence])
    assert uids == {uid for _, uid in evidence}
    replaced = report_of(results.re_issued, "basic_text").PredecessorDocumentsSequence
    assert instances_in(replaced) == {("2.25.77", "2.25.911")}


def test_why_there_is_no_score_is_said_and_coded() -> None:
    report = report_of(results.withdrawn, "basic_text")
    assert any(line.startswith("Why there is no score: Left and right") for line in words_of(report))
    values = [i.ConceptCodeSequence[0].CodeValue for i in items_below(report) if i.ValueType == "CODE"]
    assert "WITHDRAWN" in values


def test_a_number_in_it_is_refused() -> None:
    report = report_of(results.one_hand, "basic_text")
    number = next(i for i in items_below(report_of(results.one_hand)) if i.ValueType == "NUM")
    number.RelationshipType = "CONTAINS"
    report.ContentSequence.append(number)
    with pytest.raises(InvalidObjectError, match="is a NUM"):
        refuse_invalid_object(report)
