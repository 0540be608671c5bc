"""Reports of a system that numbers pictures: groups, words, pages; sixteen pictures stay legible, and so does one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydicom.dataset import Dataset

from scoring.coded_concept import CodedConcept
from scoring.result import ScoreItem
from sr_templates.errors import InvalidResultError
from sr_templates.pdf_picture_pages import picture_pages
from sr_templates.read_back import read_back
from sr_templates.reading_sentences import picture_sentences, summary_sentences
from sr_templates.reading_table import reading_table
from sr_templates.result_check import is_complete, refuse_invalid_result
from tests.sr_templates import nailfold_results as nailfolds
from tests.sr_templates.generated_results import report_alone


def groups_of(report: Dataset) -> dict[str, Dataset]:
    """Measurement groups by their tracking identifier."""
    [measured] = [c for c in report.ContentSequence if c.ConceptNameCodeSequence[0].CodeValue == "126010"]
    groups = [c for c in measured.ContentSequence if c.ConceptNameCodeSequence[0].CodeValue == "125007"]
    return {str(value_of(group, "112039").TextValue): group for group in groups}


def value_of(group: Dataset, name: str) -> Dataset:
    return next(item for item in group.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue == name)


def test_a_probability_that_its_percentage_does_not_give_back_is_told_to_the_last_digit() -> None:
    made, tiny = nailfolds.two_fingers(), 2.9135797693204966e-22
    items = tuple(
        replace(item, value=tiny, grade=0, probabilities=(1.0, tiny)) if item.value and item.probabilities else item
        for item in made.result.items
    )
    rare = replace(made, result=replace(made.result, items=items))
    assert any(tiny in item.probabilities for item in items)
    assert read_back(report_alone(rare), made.spec) == rare.result


def test_a_visit_has_a_group_for_each_picture_each_finger_and_the_patient() -> None:
    """Given sixteen pictures of eight fingers; then each picture is a group on its full frame at its nail unit."""
    made = nailfolds.whole_visit()
    report = report_alone(made)
    assert read_back(report, made.spec) == made.result
    groups = groups_of(report)
    assert len(groups) == 16 + 8 + 1 and "NAILFOLD both summary" in groups and "NAILFOLD L RING summary" in groups
    ring = groups["NAILFOLD R RING 1"]
    site = value_of(ring, "363698007")
    assert site.ConceptCodeSequence[0].CodeValue == "770817006"
    assert site.ContentSequence[0].ConceptCodeSequence[0].CodeValue == "24028007"
    assert list(value_of(ring, "111030").GraphicData) == [0, 0, 320, 0, 320, 240, 0, 240, 0, 0]
    giant = made.result.item("RING", "giant", "R", 1)
    measured = value_of(ring, "NF-GIANT-P").MeasuredValueSequence[0]
    assert float(measured.NumericValue) == pytest.approx(100 * (giant.value or 0))
    assert measured.MeasurementUnitsCodeSequence[0].CodeValue == "%"
    assert value_of(ring, "NF-GIANT").ConceptCodeSequence[0].CodeValue == ("121054", "121053")[giant.grade or 0]
    patient = groups["NAILFOLD both summary"]
    assert value_of(patient, "NF-FAST-TRACK").ConceptCodeSequence[0].CodeValue == "NF-FT-2"
    assert value_of(patient, "DECIDING-RULE").ConceptCodeSequence[0].CodeValue == "NF-FT-GIANT"


def test_sixteen_pictures_stand_on_one_printed_page_and_any_number_on_several() -> None:
    """Given a visit of sixteen pictures, and one of a hundred; then no row is lost, and the words are never split."""
    made = nailfolds.whole_visit()
    assert len(picture_pages(made.result, made.spec)) == 1
    more = tuple(replace(i, picture=(i.picture or 0) + 2 * n) for n in range(50) for i in made.result.items[:9])
    pages = picture_pages(replace(made.result, items=more), made.spec)
    assert len(pages) > 1 and [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    assert sum(len(page.pictures) for page in pages) == 50


def test_the_words_say_every_picture_and_why_something_is_missing() -> None:
    made = nailfolds.two_fingers()
    sentences = picture_sentences(made.result, made.spec)
    assert len(sentences) == 4
    [glare] = [words for words in sentences if words.startswith("Right index finger 1 (image 1)")]
    assert "not assessed (not assessable): Glare covers the capillaries" in glare
    [sharp] = [words for words in sentences if words.startswith("Right index finger 2")]
    assert "widest apex 35.3 µm (95 % interval 12.0 to 80.5)" in sharp
    verdict, patient, *_ = summary_sentences(made.result, made.spec)
    assert verdict == "Fast track: Category 2: scleroderma pattern (rule: At least one giant capillary)."
    assert patient.startswith("Patient: pictures assessed 2 (2 of 4 planned); fingers assessed 2 (2 of 2 planned);")


def test_without_a_scale_nothing_is_measured_and_the_table_says_why() -> None:
    made = nailfolds.uncalibrated()
    table = reading_table(made.result, made.spec)
    assert table.verdicts == ("Fast track: not given (Not calibrated: no size of a pixel is known)",)
    assert [row.label for row in table.pictures] == ["Right ring finger 1", "Right ring finger 2", "Ring finger 1"]
    assert {row.cells[-1].words for row in table.pictures} == {"–"}


def _numberless(item: ScoreItem) -> ScoreItem:
    return replace(item, picture=None)


def _graded_measurement(item: ScoreItem) -> ScoreItem:
    return replace(item, item="density", value=5.0, grade=1, probabilities=())


def _probable_judgement(item: ScoreItem) -> ScoreItem:
    return replace(item, item="giant_measured", probabilities=())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_numberless, "pictures are numbered from 1"),
        (_graded_measurement, "is a measurement"),
        (_probable_judgement, "no concept for its probability"),
    ],
)
def test_a_reading_off_its_scale_is_refused(change: object, message: str) -> None:
    made = nailfolds.one_picture()
    wrong = change(made.result.items[0])  # type: ignore[operator]
    with pytest.raises(InvalidResultError, match=message):
        refuse_invalid_result(replace(made.result, items=(wrong,)), made.spec)


def test_a_rule_belongs_to_a_category_and_a_gap_makes_a_report_partial() -> None:
    made = nailfolds.two_fingers()
    foreign = CodedConcept("NF-FT-OTHER", "99RHEUM", "Another rule")
    ruled = tuple(replace(t, rule=foreign) if t.rule else t for t in made.result.totals)
    with pytest.raises(InvalidResultError, match="names a rule"):
        refuse_invalid_result(replace(made.result, totals=ruled), made.spec)
    assert is_complete(made.result, made.spec)
    assert not is_complete(replace(made.result, items=made.result.items[1:]), made.spec)
