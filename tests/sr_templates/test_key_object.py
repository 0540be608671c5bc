"""Key Object Selections: what belongs together, and what was withdrawn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from highdicom.ko import KeyObjectSelectionDocument

from scoring.result import PriorObject
from sr_templates.document_forms import LADDER, SECONDARY_CAPTURE, SOP_CLASS_OF_FORM, DocumentForm, Extra
from tests.judges.dicom3tools import iod_complaints
from tests.sr_templates import results_for_tests as results
from tests.sr_templates.written_objects import objects_of, of_role, write

ALL: tuple[Extra, ...] = ("segmentation", "key_object")


@pytest.mark.parametrize("form", LADDER)
def test_a_selection_names_every_object_of_the_result(form: DocumentForm, tmp_path: Path) -> None:
    objects = objects_of(results.two_hands, form, ALL)
    (found,) = of_role(objects, "key_object")
    found.save_as(tmp_path / "ko.dcm")
    assert iod_complaints(tmp_path / "ko.dcm") == []
    read = KeyObjectSelectionDocument.from_dataset(found)
    named = {str(i.ReferencedSOPSequence[0].ReferencedSOPInstanceUID) for i in read.content.get_references()}
    others = [one for one in objects if one.role != "key_object"]
    assert named == {one.sop_instance_uid for one in others}
    for one in others:
        study, series, instance = read.resolve_reference(one.sop_instance_uid)
        assert (study, series, instance) == ("2.25.77", one.series_instance_uid, one.sop_instance_uid)


def test_reports_are_no_images_in_a_selection() -> None:
    (found,) = of_role(objects_of(results.two_hands, extras=ALL), "key_object")
    kinds = {
        item.ReferencedSOPSequence[0].ReferencedSOPClassUID: item.ValueType
        for item in found.ContentSequence
        if "ReferencedSOPSequence" in item
    }
    assert kinds.pop(SOP_CLASS_OF_FORM["comprehensive"]) == "COMPOSITE"
    assert set(kinds.values()) == {"IMAGE"}


def test_a_selection_is_bound_to_the_form_that_it_names() -> None:
    uids = {of_role(objects_of(results.two_hands, form, ALL), "key_object")[0].SOPInstanceUID for form in LADDER}
    assert len(uids) == len(LADDER)


def test_a_withdrawal_rejects_what_was_written(tmp_path: Path) -> None:
    (note,) = of_role(objects_of(results.withdrawn, extras=ALL), "rejection_note")
    note.save_as(tmp_path / "note.dcm")
    assert iod_complaints(tmp_path / "note.dcm") == []
    title = note.ConceptNameCodeSequence[0]
    assert (title.CodeValue, title.CodingSchemeDesignator) == ("113037", "DCM")
    read = KeyObjectSelectionDocument.from_dataset(note)
    named = [i.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for i in read.content.get_references()]
    assert named == ["2.25.901", "2.25.902", "2.25.910"]
    words = [item.TextValue for item in note.ContentSequence if item.get("TextValue")]
    assert "Left and right were exchanged at the detector; see query 12." in words


def rejected(made: results.ResultForTests, form: DocumentForm) -> list[str]:
    (note,) = of_role(write(made, form), "rejection_note")
    series = note.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
    return [instance.ReferencedSOPInstanceUID for item in series for instance in item.ReferencedSOPSequence]


def with_predecessor(*objects: PriorObject) -> results.ResultForTests:
    made = results.withdrawn()
    return replace(made, result=made.result.succeeding(replace(results.prior_of(made), objects=objects)))


def test_a_note_rejects_the_form_it_is_written_in_else_every_form() -> None:
    page = PriorObject("report_page", "", SECONDARY_CAPTURE, "2.25.1", "2.25.9")
    rich = PriorObject("report", "comprehensive", SOP_CLASS_OF_FORM["comprehensive"], "2.25.2", "2.25.8")
    poor = PriorObject("report", "enhanced", SOP_CLASS_OF_FORM["enhanced"], "2.25.3", "2.25.8")
    made = with_predecessor(page, rich, poor)
    assert rejected(made, "enhanced") == ["2.25.1", "2.25.3"]
    assert rejected(made, "basic_text") == ["2.25.1", "2.25.2", "2.25.3"]


def test_nothing_is_rejected_where_nothing_was_written_or_withdrawn() -> None:
    assert of_role(write(with_predecessor()), "rejection_note") == []
    assert of_role(objects_of(results.re_issued), "rejection_note") == []
