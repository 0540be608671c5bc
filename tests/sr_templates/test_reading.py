"""Reports read again: by programs as the result they were written from, by people as a tree."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from sr_templates.document_forms import DocumentForm
from sr_templates.errors import ForeignReportError
from sr_templates.production_modules import part10_file
from sr_templates.read_back import read_back
from sr_templates.report_as_text import report_as_text
from tests.sr_templates import nailfold_results as nailfolds
from tests.sr_templates import results_for_tests as results
from tests.sr_templates.foreign_reports import highdicom_report
from tests.sr_templates.generated_results import any_pictured_result, any_result, report_alone
from tests.sr_templates.written_objects import objects_of, of_role, write_report

CASES = [
    results.two_hands,
    results.one_hand,
    results.both_in_one,
    results.not_evaluable,
    results.with_intervals,
    results.follow_up,
    results.re_issued,
    results.withdrawn,
    results.several_images,
    results.photo,
    results.large_film,
    nailfolds.two_fingers,
    nailfolds.uncalibrated,
]


def report_of(make: Callable[[], results.ResultForTests], form: DocumentForm = "enhanced") -> Dataset:
    return of_role(objects_of(make, form), "report")[0]


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_what_is_read_back_is_the_stored_result(make: Callable[[], results.ResultForTests]) -> None:
    made = make()
    read = read_back(report_of(make), made.spec)
    assert read == made.result
    assert read.digest == made.result.digest


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(any_result())
def test_any_result_is_read_back_equal(made: results.ResultForTests) -> None:
    assert read_back(report_alone(made), made.spec).to_json() == made.result.to_json()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(any_pictured_result())
def test_any_result_of_numbered_pictures_is_read_back_equal(made: results.ResultForTests) -> None:
    assert read_back(report_alone(made), made.spec).to_json() == made.result.to_json()


def test_grades_in_another_order_and_off_the_grid_are_read_back_equal() -> None:
    made = results.one_hand()
    items = tuple(
        replace(i, region=tuple(v + 0.1 for v in i.region)) if i.region else i  # type: ignore[arg-type]  # four of them
        for i in reversed(made.result.items)
    )
    result = replace(made.result, items=items, totals=made.result.totals[::-1])
    assert read_back(write_report(replace(made, result=result)), made.spec) == result


def test_another_form_says_the_same() -> None:
    made = results.follow_up()
    for form in ("comprehensive3d", "comprehensive"):
        assert read_back(report_of(results.follow_up, form), made.spec) == made.result  # type: ignore[arg-type]


def test_basic_text_and_other_documents_are_refused() -> None:
    for document in (Dataset(), report_of(results.one_hand, "basic_text")):
        with pytest.raises(ForeignReportError, match="not an Imaging Measurement Report"):
            read_back(document, results.hand_spec())


def test_the_spec_of_another_system_is_refused() -> None:
    spec = replace(results.hand_spec(), key="hand_total")
    with pytest.raises(ForeignReportError, match="'hand_joints', the spec of 'hand_total'"):
        read_back(report_of(results.one_hand), spec)


def items_of(report: Dataset, code_value: str) -> Dataset:
    return next(i for i in report.ContentSequence if i.ConceptNameCodeSequence[0].CodeValue == code_value)


def test_a_report_that_lost_its_region_is_refused() -> None:
    report = report_of(results.one_hand)
    group = items_of(report, "126010").ContentSequence[-1]
    group.ContentSequence = Sequence([i for i in group.ContentSequence if i.ValueType != "SCOORD"])
    with pytest.raises(ForeignReportError, match="Group 'SVDH L RC' of the report has 0 items 'Image Region'"):
        read_back(report, results.hand_spec())


def test_a_report_with_another_grade_is_refused() -> None:
    report = report_of(results.one_hand)
    group = items_of(report, "126010").ContentSequence[-30]
    number = next(i for i in group.ContentSequence if i.ValueType == "NUM")
    number.MeasuredValueSequence[0].NumericValue = "1" if number.MeasuredValueSequence[0].NumericValue != 1 else "2"
    with pytest.raises(ForeignReportError, match="not as it was written"):
        read_back(report, results.hand_spec())


def test_a_side_that_contradicts_its_name_is_refused() -> None:
    report = report_of(results.one_hand)
    group = items_of(report, "126010").ContentSequence[-1]
    site = items_of(group, "363698007")
    site.ContentSequence[0].ConceptCodeSequence[0].CodeValue = "24028007"
    with pytest.raises(ForeignReportError, match="named after one site and coded as another"):
        read_back(report, results.hand_spec())


def test_a_copy_with_mapped_uids_is_read_as_changed() -> None:
    made = results.one_hand()
    report = report_of(results.one_hand)
    report.StudyInstanceUID = "2.25.5000"
    with pytest.raises(ForeignReportError, match="not as it was written"):
        read_back(report, made.spec)
    assert read_back(report, made.spec, changed=True) == replace(made.result, study_instance_uid="2.25.5000")


def places(dataset: Dataset) -> Iterator[tuple[Dataset, int]]:
    """Every element at every depth: the dataset that holds it, and its tag."""
    for element in list(dataset):
        yield dataset, element.tag
        for item in element.value if element.VR == "SQ" else ():
            yield from places(item)


SHORT_REPORT = part10_file(report_alone(results.short()))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_damaged_report_is_refused_or_read_right(data: st.DataObject) -> None:
    report = dcmread(io.BytesIO(SHORT_REPORT))
    found = list(places(report))
    for _ in range(data.draw(st.integers(1, 3))):
        holder, tag = found[data.draw(st.integers(0, len(found) - 1))]
        if tag in holder and data.draw(st.booleans()):
            del holder[tag]
        elif tag in holder:
            holder[tag]._value = data.draw(st.sampled_from([None, "", "nonsense", [1, 2], b"\xff\xfe"]))
    made = results.short()
    try:
        read = read_back(report, made.spec)
        assert read == made.result or any("without the spec" in note for note in read.notes)
    except ForeignReportError as error:
        assert str(error)
    try:
        read_back(report, None)
    except ForeignReportError as error:
        assert str(error)


@pytest.mark.filterwarnings("ignore")  # pydicom tells of every odd value that it meets
def test_bytes_that_were_flipped_never_give_another_result() -> None:
    made, chance = results.short(), random.Random(5)
    for _ in range(40):
        content = bytearray(SHORT_REPORT)
        for _ in range(chance.choice([1, 3, 10])):
            content[chance.randrange(400, len(content))] = chance.randrange(256)
        try:
            report = dcmread(io.BytesIO(bytes(content)))
        except Exception:  # then there is no report to read; pydicom's parser raises many kinds
            continue
        assert report_as_text(report)
        try:
            read = read_back(report, made.spec)
        except ForeignReportError:
            continue
        assert read == made.result or any("without the spec" in note for note in read.notes)


def test_our_own_report_is_read_without_its_spec_as_any_other() -> None:
    made = results.two_hands()
    read = read_back(report_of(results.two_hands), None)
    item = made.result.item("MCP2", "erosion", "L")
    found = read.item("C102317", "C128988", "L")
    assert (found.value, found.image, found.region) == (item.grade, item.image, item.region)
    assert (read.totals, read.weights) == ((), ())
    assert {i.sop_instance_uid: (i.rows, i.columns) for i in read.images} == {
        i.sop_instance_uid: (i.rows, i.columns) for i in made.result.images
    }
    assert any("are not known" in note for note in read.notes)


def test_a_report_of_another_maker_is_read_as_far_as_it_goes() -> None:
    read = read_back(highdicom_report(), results.hand_spec())
    with_region, without = read.items
    assert (with_region.site, with_region.item, with_region.side, with_region.value) == ("74670003", "Volume", "R", 1.5)
    assert with_region.region == (9.5, 19.5, 29.5, 39.5)
    assert with_region.image == without.image == "2.25.11"
    assert (without.item, without.value, without.region) == ("Thickness", 3.25, None)
    assert (read.quality.meaning, read.scored_at != "") == ("Unknown", True)
    assert read.system == "Somebody's algorithm"
    assert [i.sop_instance_uid for i in read.images] == ["2.25.11"]


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


def test_the_report_in_words_is_readable() -> None:
    lines = report_as_text(report_of(results.follow_up, "basic_text")).splitlines()
    assert lines[0] == "Diagnostic Imaging Report  [COMPLETE, UNVERIFIED]"
    assert "    Finding: Right Thumb IP: erosion 0 (expected 0.1, certainty 73 %)." in lines
    assert "    Baseline: Comprehensive 3D SR 2.25.910" in lines
    assert "    Source of Measurement: Computed Radiography Image 2.25.11" in lines


def test_a_key_object_document_is_readable() -> None:
    note, words, one = Dataset(), Dataset(), Dataset()
    note.ValueType, words.ValueType, one.ValueType = "CONTAINER", "TEXT", "COMPOSITE"
    for item, meaning in ((note, "Rejected for Quality Reasons"), (words, "Key Object Description")):
        name = Dataset()
        name.CodeMeaning = meaning
        item.ConceptNameCodeSequence = Sequence([name])
    words.TextValue = "Left and right\nwere exchanged"
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.88.33", "2.25.9"
    one.ReferencedSOPSequence = Sequence([reference])
    note.ContentSequence = Sequence([words, one])
    assert report_as_text(note).splitlines() == [
        "Rejected for Quality Reasons",
        "  Key Object Description: Left and right were exchanged",
        "  composite: Comprehensive SR 2.25.9",
    ]


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
