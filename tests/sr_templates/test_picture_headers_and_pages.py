"""What pictures say of their source, and what the page shows for every turn that a result can take."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from scoring.coded_concept import CodedConcept
from sr_templates.report_page_drawing import draw_report_page
from sr_templates.score_table import lineage_words, reason_marks
from tests.sr_templates import results_for_tests as results
from tests.sr_templates.result_cases import CASES
from tests.sr_templates.written_objects import write

FACE = Dataset()
FACE.CodeValue, FACE.CodingSchemeDesignator, FACE.CodeMeaning = "89545001", "SCT", "Face"
LOSSY = {
    "LossyImageCompression": "01",
    "LossyImageCompressionRatio": "12.5",
    "LossyImageCompressionMethod": "ISO_10918_1",
}


def pictures(made: results.ResultForTests) -> list[Dataset]:
    return [dcmread(io.BytesIO(o.content)) for o in write(made, "pictures")]


@pytest.mark.parametrize(
    ("attributes", "recognisable"),
    [
        ({}, "NO"),
        ({"RecognizableVisualFeatures": "YES"}, "YES"),
        ({"PhotometricInterpretation": "RGB", "BodyPartExamined": "HEAD"}, "YES"),
        ({"PhotometricInterpretation": "MONOCHROME2", "BodyPartExamined": "HEAD"}, "NO"),
        ({"PhotometricInterpretation": "RGB", "AnatomicRegionSequence": Sequence([FACE])}, "YES"),
    ],
)
def test_a_photograph_of_a_face_is_told_from_a_film(attributes: dict[str, object], recognisable: str) -> None:
    heatmap, page = pictures(results.with_header(results.one_hand(), **attributes))
    assert heatmap.RecognizableVisualFeatures == recognisable
    assert page.RecognizableVisualFeatures == "NO", "the page shows no photograph"


def test_what_a_source_has_lost_is_told_of_its_picture_and_not_of_the_page() -> None:
    heatmap, page = pictures(results.with_header(results.one_hand(), **LOSSY))
    assert {keyword: str(heatmap[keyword].value) for keyword in LOSSY} == LOSSY
    assert page.LossyImageCompression == "00"
    assert "LossyImageCompressionRatio" not in page


def test_no_picture_claims_the_frame_of_reference_of_its_source() -> None:
    made = results.with_header(results.one_hand(), FrameOfReferenceUID="2.25.4711")
    assert all("FrameOfReferenceUID" not in picture for picture in pictures(made))


def test_the_page_tells_what_is_replaced_followed_and_taken_back() -> None:
    made = results.one_hand()
    prior = replace(made.result.as_prior(()), scored_at="2025-07-05T08:09:10Z")
    replaces, follows = lineage_words(replace(made.result, predecessor=prior, baseline=prior))
    assert replaces.startswith("Replaces the report of 2025-07-05, 08:09 UTC (result ")
    assert follows.startswith("Follow-up visit. Baseline: the report of 2025-07-05, 08:09 UTC (result ")
    (back,) = lineage_words(replace(made.result, predecessor=prior, withdraws=True))
    assert back.startswith("Takes back the report of 2025-07-05")
    assert back.endswith("do not use it.")
    plain = draw_report_page(made.result, made.spec)
    for result in (replace(made.result, predecessor=prior), replace(made.result, baseline=prior)):
        assert (draw_report_page(result, made.spec) != plain).any()


@pytest.mark.parametrize("case", CASES)
def test_every_page_has_its_size_and_a_bare_edge(case: str) -> None:
    made = CASES[case]()
    page = draw_report_page(made.result, made.spec)
    assert page.shape == (1200, 1600, 3)
    for edge in (page[:, :20], page[:, -20:], page[:20], page[-8:]):
        assert (edge == page[0, 0]).all()


def test_a_page_of_very_many_sites_grows() -> None:
    made = results.two_hands()
    many = replace(made.spec, sites=made.spec.sites * 4)
    page = draw_report_page(made.result, many)
    assert page.shape[0] > 1500
    assert page.shape[1] == 1600


def test_long_words_and_many_reasons_stay_on_the_page() -> None:
    made = results.two_hands()
    sites = tuple(replace(s, label="Capitate-navicular-lunate and something longer") for s in made.spec.sites)
    reasons = [CodedConcept(f"R{n}", "99RHEUM", f"A reason that takes quite some words, number {n}") for n in range(12)]
    items = tuple(
        replace(i, status="not_assessable", value=None, grade=None, certainty=None, reason=reasons[n % 12])
        for n, i in enumerate(made.result.items)
    )
    spec = replace(made.spec, title="Words " * 30, sites=sites)
    result = replace(made.result, items=items, notes=("Note " * 60,), statement="Must be said. " * 30)
    page = draw_report_page(result, spec)
    for edge in (page[:, :20], page[:, -20:], page[:20], page[-8:]):
        assert (edge == page[0, 0]).all()


def test_letters_of_reasons_begin_with_a_whatever_a_whole_side_lacks() -> None:
    """The left hand is missing as a whole and says so by itself; of the right one two joints are missing."""
    made = results.one_hand()
    gaps = {"PIP5": "outside_image", "ULNA": "uncertain"}
    items = [
        replace(
            i, status="not_assessable", value=None, grade=None, certainty=None, reason=made.spec.reasons[gaps[i.site]]
        )
        if i.side == "R" and i.site in gaps
        else i
        for i in made.result.items
    ]
    left_first = tuple(sorted(items, key=lambda item: item.side == "R"))
    marks = reason_marks(replace(made.result, items=left_first))
    assert {reason.value: mark for reason, mark in marks.items()} == {
        made.spec.reasons["outside_image"].value: "a",
        made.spec.reasons["uncertain"].value: "b",
    }
