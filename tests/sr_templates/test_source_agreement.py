"""Images of one result whose headers disagree: an error that names the attribute and nothing of the patient."""

from __future__ import annotations

import io
from pathlib import Path
from typing import get_args

import pytest
from pydicom import dcmread

from sr_templates.document_forms import Extra
from sr_templates.errors import SourceMismatchError
from sr_templates.result_objects import write_result_objects
from sr_templates.source_agreement import refuse_disagreeing_sources
from tests.sr_templates import results_for_tests as results
from tests.sr_templates.received_files import received
from tests.sr_templates.results_for_tests import ResultForTests, source_header
from tests.sr_templates.written_objects import write

DISAGREEING = {
    "PatientID": "P-4712",
    "IssuerOfPatientID": "OTHER HOSPITAL",
    "PatientBirthDate": "19600301",
    "StudyDate": "20260106",
    "StudyID": "S2",
    "AccessionNumber": "A-2",
    "ClinicalTrialSponsorName": "Another Sponsor",
    "ClinicalTrialProtocolID": "TRIAL-2",
    "ClinicalTrialSubjectID": "SUBJ-0013",
    "ClinicalTrialSubjectReadingID": "READ-2",
    "ClinicalTrialTimePointID": "W48",
}


def two_images(**second: str) -> ResultForTests:
    """Both hands; these attributes differ in the second header."""
    made = results.two_hands()
    for number, source in enumerate(made.sources.values()):
        source.header.ClinicalTrialSubjectReadingID = "READ-1"
        for keyword, value in second.items() if number else ():
            setattr(source.header, keyword, value)
    return made


@pytest.mark.parametrize("keyword", DISAGREEING)
def test_a_disagreement_is_refused_by_the_attributes_name_alone(keyword: str) -> None:
    made = two_images(**{keyword: DISAGREEING[keyword]})
    values = [str(source.header[keyword].value) for source in made.sources.values()]
    with pytest.raises(SourceMismatchError, match=f"disagree on {keyword};") as caught:
        write(made)
    words = str(caught.value).replace(keyword, "")
    assert not any(value in words for value in values)


@pytest.mark.parametrize("keyword", [k for k in DISAGREEING if k != "PatientID"])
def test_what_one_device_leaves_out_is_no_disagreement(keyword: str) -> None:
    refuse_disagreeing_sources(source.header for source in two_images(**{keyword: ""}).sources.values())


def test_an_image_without_a_patient_id_is_not_taken_for_the_other_ones_patient() -> None:
    with pytest.raises(SourceMismatchError, match="disagree on PatientID;"):
        write(two_images(PatientID=""))


def test_what_differs_without_harm_is_said_by_all_objects_as_by_their_home() -> None:
    made = two_images(PatientName="Mueller^Joerg", StudyDescription="Hand left", PatientSex="", StudyTime="091700")
    objects = write_result_objects(made.result, made.spec, made.sources, made.arrays, "comprehensive", get_args(Extra))
    for one in objects.objects:
        dataset = dcmread(io.BytesIO(one.content))
        assert (dataset.PatientName, dataset.StudyDescription, dataset.PatientSex) == ("Müller^Jörg", "Hands", "F")
        assert dataset.StudyTime == "091500"


def test_padding_is_no_disagreement() -> None:
    refuse_disagreeing_sources(source.header for source in two_images(PatientID="P-4711 ").sources.values())


def test_another_visit_has_another_date_but_the_same_patient() -> None:
    now, before = source_header(1), source_header(2)
    before.StudyInstanceUID, before.StudyDate = "2.25.76", "20250105"
    before.StudyID, before.AccessionNumber, before.ClinicalTrialTimePointID = "S0", "A-0", "BASELINE"
    refuse_disagreeing_sources([now, before])
    before.PatientID = "P-1"
    with pytest.raises(SourceMismatchError, match="disagree on PatientID;"):
        refuse_disagreeing_sources([now, before])


def test_ids_that_cannot_be_decoded_are_compared_by_their_bytes(tmp_path: Path) -> None:
    """Under a wrong character set both would become one and the same replacement character."""
    headers = [
        received(tmp_path / f"{number}.dcm", source_header(), {"SpecificCharacterSet": b"ISO_IR 192", "PatientID": raw})
        for number, raw in enumerate((b"\xc4", b"\xd6"))
    ]
    with pytest.raises(SourceMismatchError, match="disagree on PatientID;"):
        refuse_disagreeing_sources(headers)
