"""What the report says, item by item."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sr._concepts_dict import concepts as published_concepts

from scoring.coded_concept import CodedConcept
from scoring.spec import SystemSpec
from sr_templates import codes
from sr_templates.document_forms import SOP_CLASS_OF_FORM, DocumentForm
from tests.sr_templates import results_for_tests as results
from tests.sr_templates.generated_results import report_alone
from tests.sr_templates.written_objects import datasets_of, report_of, write

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
]


def items_below(dataset: Dataset) -> Iterator[Dataset]:
    for item in dataset.get("ContentSequence") or ():
        yield item
        yield from items_below(item)


def name_of(item: Dataset) -> str:
    names = item.get("ConceptNameCodeSequence") or ()
    return str(names[0].CodeValue) if names else ""


def groups_of(report: Dataset) -> dict[str, Dataset]:
    """Measurement groups by tracking identifier."""
    found = [item for item in items_below(report) if name_of(item) == codes.MEASUREMENT_GROUP.value]
    return {next(i.TextValue for i in g.ContentSequence if name_of(i) == "112039"): g for g in found}


def child(group: Dataset, code_value: str) -> Dataset:
    return next(item for item in group.ContentSequence if name_of(item) == code_value)


def test_two_hands_are_44_sites_and_three_sums() -> None:
    groups = groups_of(report_of(results.two_hands))
    assert len(groups) == 47
    assert sum(name.endswith(" sum") for name in groups) == 3
    assert {g.ContentTemplateSequence[0].TemplateIdentifier for g in groups.values()} == {"1410"}


def test_a_joint_carries_site_side_box_grades_and_certainty() -> None:
    made = results.two_hands()
    group = groups_of(report_of(results.two_hands))["SVDH R MCP2"]
    site = child(group, "363698007")
    assert site.ConceptCodeSequence[0].CodeValue == "C102317"
    assert site.ContentSequence[0].ConceptCodeSequence[0].CodeValue == "24028007"
    item = made.result.item("MCP2", "erosion", "R")
    grade = child(group, "C128988").MeasuredValueSequence[0]
    assert (grade.NumericValue, grade.MeasurementUnitsCodeSequence[0].CodeValue) == (item.grade, "{score}")
    assert "FloatingPointValue" not in grade
    assert child(group, "SVDH-ERO-EXP").MeasuredValueSequence[0].FloatingPointValue == item.value
    assert child(group, "111012").MeasuredValueSequence[0].FloatingPointValue == pytest.approx(73.1)
    assert item.region is not None
    region = child(group, "111030")
    assert region.GraphicData[:2] == pytest.approx([item.region[0] + 0.5, item.region[1] + 0.5], abs=1e-4)
    assert region.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == item.image


def test_left_and_right_are_never_exchanged() -> None:
    for name, group in groups_of(report_of(results.both_in_one)).items():
        laterality = child(group, "363698007").ContentSequence[0].ConceptCodeSequence[0].CodeMeaning
        assert laterality == {"R": "Right", "L": "Left", "both": "Bilateral"}[name.split()[1]]


def test_what_was_not_scored_has_a_coded_reason_and_no_number() -> None:
    groups = groups_of(report_of(results.both_in_one))
    for name, reason in (("SVDH R PIP5", "NS-OUT-FOV"), ("SVDH L ULNA", "NS-LOWCONF")):
        kinds = [item.ValueType for item in groups[name].ContentSequence]
        assert "NUM" not in kinds
        assert child(groups[name], "NOT-SCORED").ConceptCodeSequence[0].CodeValue == reason
        assert child(groups[name], "ASSESS-STATUS").ConceptCodeSequence[0].CodeValue == "ST-NOT-ASSESS"
    total = groups["SVDH both sum"]
    assert "SVDH-TOTAL" not in {name_of(item) for item in total.ContentSequence}
    counts = [i for i in total.ContentSequence if name_of(i) == "N-ASSESSED"]
    assert [int(i.MeasuredValueSequence[0].NumericValue) for i in counts] == [30, 29, 59]


def test_a_side_that_was_not_imaged_has_all_its_groups() -> None:
    groups = groups_of(report_of(results.one_hand))
    left = [group for name, group in groups.items() if name.startswith("SVDH L ") and not name.endswith("sum")]
    assert len(left) == 22
    assert {child(g, "NOT-SCORED").ConceptCodeSequence[0].CodeValue for g in left} == {"NS-NOT-IMAGED"}


def test_not_evaluable_is_a_report_with_a_full_frame() -> None:
    report = report_of(results.not_evaluable)
    (group,) = groups_of(report).values()
    assert child(group, "NOT-EVALUABLE").ConceptCodeSequence[0].CodeValue == "NE-NO-HAND"
    assert list(child(group, "111030").GraphicData) == [0, 0, 400, 0, 400, 480, 0, 480, 0, 0]
    assert report.CompletionFlag == "COMPLETE"


def test_the_report_names_inputs_weights_and_statements() -> None:
    made = results.two_hands()
    words = [i.TextValue for i in items_below(report_of(results.two_hands)) if i.ValueType == "TEXT"]
    for number, image in enumerate(made.result.images, start=1):
        assert f"image: {number} | SHA-256: {image.content_sha256}" in words
    assert made.result.statement in words
    assert "For research use only. Not for diagnosis or treatment." in words
    for weights in made.result.weights:
        assert any(weights.sha256 in text for text in words)
        assert any(weights.learnt_from in text for text in words)
    assert f"weights_digest={made.result.weights_digest}" in words


def test_pictures_are_linked_and_in_the_evidence() -> None:
    *pictures, report = datasets_of(results.two_hands)
    evidence = {
        r.ReferencedSOPInstanceUID
        for series in report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
        for r in series.ReferencedSOPSequence
    }
    linked = {
        i.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for i in items_below(report) if name_of(i) == "121200"
    }
    assert linked == {picture.SOPInstanceUID for picture in pictures}
    assert linked <= evidence
    assert {p.SeriesInstanceUID for p in pictures} <= {
        s.SeriesInstanceUID for s in report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
    }


def test_an_image_of_another_study_is_other_evidence() -> None:
    made = results.two_hands()
    first, second = made.result.images
    images = (first, replace(second, study_instance_uid="2.25.70"))
    report = report_alone(replace(made, result=replace(made.result, images=images)))
    assert [s.StudyInstanceUID for s in report.CurrentRequestedProcedureEvidenceSequence] == ["2.25.77"]
    assert [s.StudyInstanceUID for s in report.PertinentOtherEvidenceSequence] == ["2.25.70"]


def test_a_system_without_sides_names_none() -> None:
    made = results.one_hand()
    spec = replace(made.spec, sides=(), totals=tuple(t for t in made.spec.totals if t.side is None))
    items = tuple(replace(i, side=None) for i in made.result.items if i.side == "R")
    totals = tuple(t for t in made.result.totals if t.side is None)
    made = replace(made, spec=spec, result=replace(made.result, items=items, totals=totals, hands=()))
    heatmap, page, report = (dcmread(io.BytesIO(one.content)) for one in write(made))
    groups = groups_of(report)
    assert len(groups) == 23
    assert {"SVDH sum", "SVDH MCP2"} <= set(groups)
    assert not [i for i in items_below(report) if name_of(i) == codes.LATERALITY.value]
    assert (heatmap.ImageLaterality, page.ImageLaterality, report.CompletionFlag) == ("U", "U", "COMPLETE")


def test_a_gap_without_a_reason_makes_the_report_partial() -> None:
    made = results.two_hands()
    assert report_of(results.two_hands).CompletionFlag == "COMPLETE"
    short = replace(made, result=replace(made.result, items=made.result.items[:-1]))
    assert report_alone(short).CompletionFlag == "PARTIAL"
    forced = report_alone(replace(made, result=replace(made.result, forced=True)))
    assert (forced.CompletionFlag, "missing" in forced.CompletionFlagDescription) == ("PARTIAL", True)


def tracking_uids(report: Dataset) -> dict[str, str]:
    return {name: child(group, "112040").UID for name, group in groups_of(report).items()}


def test_tracking_uids_are_the_same_at_every_visit_and_only_then() -> None:
    later = results.two_hands()
    for source in later.sources.values():
        source.header.StudyInstanceUID = "2.25.78"
    images = tuple(replace(i, study_instance_uid="2.25.78") for i in later.result.images)
    result = replace(later.result, study_instance_uid="2.25.78", images=images, system_version="0.2.0")
    same = tracking_uids(report_alone(replace(later, result=result)))
    assert same == tracking_uids(report_of(results.two_hands))
    assert len(set(same.values())) == len(same)
    other = results.with_header(results.two_hands(), ClinicalTrialSubjectID="SUBJ-0013")
    assert not set(tracking_uids(report_alone(other)).values()) & set(same.values())


def declared_codes(spec: SystemSpec) -> set[CodedConcept]:
    found = {spec.finding, spec.summary_finding, spec.region, *spec.reasons.values()}
    found |= {site.concept for site in spec.sites}
    found |= {c for item in spec.items for c in (item.concept, item.expected_concept)}
    return found | {c for total in spec.totals for c in (total.concept, total.expected_concept)}


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_every_code_is_in_the_table_or_the_spec(make: Callable[[], results.ResultForTests]) -> None:
    known = {(c.value, c.scheme, c.meaning) for c in declared_codes(make().spec) | set(codes.WHERE_DEFINED)}
    for dataset in (*datasets_of(make), report_of(make, "basic_text")):
        identified = {s.CodingSchemeDesignator for s in dataset.get("CodingSchemeIdentificationSequence") or ()}
        for item in dataset.iterall():
            for code in item.value if item.VR == "SQ" and "CodeSequence" in item.keyword else ():
                assert (code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning) in known
                assert dataset.Modality != "SR" or code.CodingSchemeDesignator in identified


def test_public_codes_mean_what_dicom_says() -> None:
    """Against pydicom's copy of PS3.16, so that no code can carry the meaning of another."""
    published: dict[tuple[str, str], set[str]] = {}
    for scheme, by_keyword in published_concepts.items():
        for by_value in by_keyword.values():
            for value, (meaning, _) in by_value.items():
                published.setdefault((scheme, value), set()).add(meaning)
    for concept in declared_codes(results.hand_spec()) | set(codes.WHERE_DEFINED):
        meanings = published.get((concept.scheme, concept.value))
        assert meanings is None or concept.meaning in meanings, concept
        must_be_there = concept.scheme in ("DCM", "SCT", "LN", "RADLEX") or concept.value == "%"
        assert meanings is not None or not must_be_there, concept


def test_the_scheme_of_a_system_is_identified() -> None:
    made = results.short()
    spec = replace(made.spec, finding=CodedConcept("TOY-FINDING", "99TOY", "Toy finding"))
    report = report_alone(replace(made, spec=spec))
    schemes = {s.CodingSchemeDesignator: s for s in report.CodingSchemeIdentificationSequence}
    assert schemes["99TOY"].CodingSchemeName == "codes of hand_joints"
    assert schemes["99TOY"].CodingSchemeResponsibleOrganization == "hand_joints"
    assert all(s.get("CodingSchemeUID") or name.startswith("99") for name, s in schemes.items())


def test_the_three_forms_say_the_same() -> None:
    forms: tuple[DocumentForm, ...] = ("comprehensive3d", "comprehensive", "enhanced")
    reports = {form: report_of(results.one_hand, form) for form in forms}
    assert len({r.SOPInstanceUID for r in reports.values()}) == 3
    for form, report in reports.items():
        assert report.SOPClassUID == SOP_CLASS_OF_FORM[form]
        assert report.ContentSequence == reports["comprehensive"].ContentSequence


def instances_in(sequence: Iterable[Dataset]) -> set[tuple[str, str]]:
    """(study, instance) of every reference in an evidence sequence."""
    return {
        (study.StudyInstanceUID, instance.ReferencedSOPInstanceUID)
        for study in sequence
        for series in study.ReferencedSeriesSequence
        for instance in series.ReferencedSOPSequence
    }


def test_a_re_issued_report_names_the_one_of_its_own_form() -> None:
    for form, wanted in (("comprehensive", {"2.25.910"}), ("enhanced", {"2.25.910", "2.25.911"})):
        report = report_of(results.re_issued, form)  # type: ignore[arg-type]  # a literal
        assert {uid for _, uid in instances_in(report.PredecessorDocumentsSequence)} == wanted
    digest = [i.TextValue for i in items_below(report) if name_of(i) == "PREDECESSOR"]
    assert digest == [results.one_hand().result.digest]
    assert "PredecessorDocumentsSequence" not in report_of(results.two_hands)


def test_a_follow_up_refers_to_the_baseline_report() -> None:
    report = report_of(results.follow_up)
    (baseline,) = [i for i in items_below(report) if i.ValueType == "COMPOSITE"]
    assert name_of(baseline) == "121079"
    uid = baseline.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
    assert uid == "2.25.911"
    assert ("2.25.70", uid) in instances_in(report.PertinentOtherEvidenceSequence)


def test_a_baseline_of_the_same_study_is_evidence_of_it() -> None:
    made = results.follow_up()
    assert made.result.baseline is not None
    baseline = replace(made.result.baseline, study_instance_uid=made.result.study_instance_uid)
    report = report_alone(replace(made, result=replace(made.result, baseline=baseline)))
    assert ("2.25.77", "2.25.911") in instances_in(report.CurrentRequestedProcedureEvidenceSequence)
    assert "PertinentOtherEvidenceSequence" not in report


def test_a_baseline_that_was_only_pictures_is_named_in_words() -> None:
    made = results.follow_up()
    assert made.result.baseline is not None
    report = report_alone(
        replace(made, result=replace(made.result, baseline=replace(made.result.baseline, objects=())))
    )
    assert not [i for i in items_below(report) if i.ValueType == "COMPOSITE"]
    assert [i.TextValue for i in items_below(report) if name_of(i) == "BASELINE-RESULT"] == [
        made.result.baseline.digest
    ]


def test_a_withdrawal_says_so_in_a_code_and_in_words() -> None:
    report = report_of(results.withdrawn)
    (group,) = groups_of(report).values()
    assert child(group, "NOT-EVALUABLE").ConceptCodeSequence[0].CodeValue == "WITHDRAWN"
    words = [i.TextValue for i in items_below(report) if name_of(i) == "EXPLANATION"]
    assert words == ["Left and right were exchanged at the detector; see query 12."]


@pytest.mark.parametrize(
    ("attributes", "wanted"),
    [
        ({}, ["W24"]),
        ({"ClinicalTrialTimePointDescription": "Week 24"}, ["Week 24", "W24"]),
        ({"ClinicalTrialTimePointID": ""}, []),
    ],
)
def test_every_group_names_the_visit_of_the_trial(attributes: dict[str, str], wanted: list[str]) -> None:
    report = report_alone(results.with_header(results.one_hand(), **attributes))
    for group in groups_of(report).values():
        told = [i.TextValue for i in group.ContentSequence if name_of(i) in ("C2348792", "126071")]
        assert told == wanted


def test_the_probability_of_every_grade_is_told() -> None:
    report = report_of(results.two_hands)
    lines = [i.TextValue for i in items_below(report) if name_of(i) == "GRADE-DETAIL"]
    assert len(lines) == 62
    item = results.two_hands().result.item("MCP2", "narrowing", "L")
    told = next(line for line in lines if line.startswith("grade: L.MCP2.narrowing | "))
    assert told.endswith(": " + ", ".join(repr(p) for p in item.probabilities))


def test_a_report_of_two_hands_with_everything_stays_small() -> None:
    made = results.with_header(results.with_intervals(), ClinicalTrialTimePointDescription="Week 24 of the main study")
    assert len(write(made)[-1].content) < 250_000
