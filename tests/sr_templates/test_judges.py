"""What independent programs say about every object that we write."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import highdicom
import pytest
from pydicom import dcmread

from sr_templates.document_forms import SOP_CLASS_OF_FORM, DocumentForm
from tests.foreign_programs.judges import iod_complaints, report_complaints
from tests.sr_templates import results_for_tests as results
from tests.sr_templates.written_objects import objects_of

CASES: dict[str, Callable[[], results.ResultForTests]] = {
    "two hands": results.two_hands,
    "one hand": results.one_hand,
    "both in one image": results.both_in_one,
    "not evaluable": results.not_evaluable,
    "pixels not readable": lambda: results.not_evaluable(decoded=False),
    "with intervals": results.with_intervals,
    "MONOCHROME1": lambda: results.with_header(results.two_hands(), PhotometricInterpretation="MONOCHROME1"),
    "bare header": lambda: results.with_bare_headers(results.one_hand()),
    "large film": results.large_film,
}
FORMS: tuple[DocumentForm, ...] = tuple(SOP_CLASS_OF_FORM)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", CASES)
def test_dciodvfy_and_dsrdump_find_nothing(case: str, form: DocumentForm, tmp_path: Path) -> None:
    for written in objects_of(CASES[case], form):
        path = tmp_path / f"{written.role}.dcm"
        path.write_bytes(written.content)
        assert iod_complaints(path) == []
        if written.role == "report":
            assert report_complaints(path) == []


@pytest.mark.parametrize(
    ("case", "groups", "form"),
    [*(("two hands", 47, form) for form in FORMS), ("one hand", 47, FORMS[0]), ("not evaluable", 1, FORMS[0])],
)
def test_highdicom_reads_every_group_back(case: str, groups: int, form: DocumentForm) -> None:
    report = objects_of(CASES[case], form)[-1]
    read = highdicom.sr.srread(io.BytesIO(report.content))
    found = read.content.get_planar_roi_measurement_groups()
    assert len(found) == groups
    numbers = sum(len(group.get_measurements()) for group in found)
    wanted = sum(
        item.ValueType == "NUM"
        for container in dcmread(io.BytesIO(report.content)).ContentSequence
        if container.ConceptNameCodeSequence[0].CodeValue == "126010"
        for group in container.ContentSequence
        if group.ValueType == "CONTAINER"
        for item in group.ContentSequence
    )
    assert numbers == wanted
    assert read.content.get_observer_contexts()[0].observer_type.value == "121007"


def test_the_judges_are_not_blind(tmp_path: Path) -> None:
    """A report without its evidence and a picture without its conversion type must be refused by them."""
    objects = objects_of(results.one_hand)
    for written, keyword in ((objects[-1], "CompletionFlag"), (objects[0], "ConversionType")):
        broken = dcmread(io.BytesIO(written.content))
        del broken[keyword]
        path = tmp_path / "broken.dcm"
        broken.save_as(path)
        assert any(keyword in complaint for complaint in iod_complaints(path))
