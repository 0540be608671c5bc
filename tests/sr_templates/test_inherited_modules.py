"""Patient, study and trial attributes from whatever real life sends."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from pydicom import config, dcmread, dcmwrite
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from sr_templates.errors import SourceMismatchError
from sr_templates.inherited_modules import inherited_modules
from sr_templates.writing import SourceImage
from tests.sr_templates import results_for_tests as results
from tests.sr_templates.written_objects import objects_of, write

NAMES = {
    "ISO_IR 144": "Достоевский^Фёдор",
    "ISO_IR 126": "Διονυσιος^Σολωμος",
    "GB18030": "Wang^XiaoDong=王^小东",
    r"\ISO 2022 IR 87": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "ISO_IR 100": "Müller^Jörg",
    "ISO_IR 192": "Nguyễn^Thị Hương",
}


def as_received(header: Dataset) -> Dataset:
    """The header as it comes out of a file: encoded and read again."""
    buffer = io.BytesIO()
    dcmwrite(buffer, header, implicit_vr=False, little_endian=True)
    buffer.seek(0)
    return dcmread(buffer, force=True)


@pytest.mark.parametrize("character_set", NAMES)
def test_names_survive_every_character_set(character_set: str) -> None:
    made = results.one_hand()
    (uid,) = made.sources
    header = made.sources[uid].header
    header.SpecificCharacterSet = character_set.split("\\") if "\\" in character_set else character_set
    header.PatientName = NAMES[character_set]
    issuer = Dataset()
    issuer.UniversalEntityID, issuer.UniversalEntityIDType = "hospital.example", "DNS"
    header.IssuerOfPatientIDQualifiersSequence = Sequence([issuer])
    received = as_received(header)
    sources = {uid: SourceImage(received, made.sources[uid].pixels)}
    for one in write(replace(made, sources=sources)):
        dataset = dcmread(io.BytesIO(one.content))
        assert dataset.SpecificCharacterSet == "ISO_IR 192"
        assert str(dataset.PatientName) == NAMES[character_set]
        assert dataset.IssuerOfPatientIDQualifiersSequence[0].UniversalEntityID == "hospital.example"


def test_what_a_sloppy_sender_wrote_is_no_obstacle() -> None:
    """References keep the source's UIDs, leading zeros included; its other odd values do not become ours."""
    made = results.with_header(
        results.one_hand(), PatientOrientation=["L", "H"], LossyImageCompression="01", LossyImageCompressionRatio=8.5
    )
    (uid,) = made.sources
    header = made.sources[uid].header
    odd = (("BodyPartExamined", "left hand, both views"), ("PixelSpacing", ["0.1", "0.1"]), ("StudyDate", "2026.01.05"))
    for keyword, value in odd:
        header.add(DataElement(keyword, dictionary_VR(keyword), value, validation_mode=config.IGNORE))
    series = "1.2.003.4"
    images = tuple(replace(i, series_instance_uid=series) for i in made.result.images)
    result = replace(made.result, images=images)
    objects = write(replace(made, result=result))
    with config.disable_value_validation():
        heatmap, _, report = (dcmread(io.BytesIO(one.content)) for one in objects)
        evidence = report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
        assert evidence[0].SeriesInstanceUID == series
    assert "BodyPartExamined" not in heatmap
    assert (heatmap.LossyImageCompression, heatmap.LossyImageCompressionRatio) == ("01", 8.5)


def test_missing_attributes_are_written_empty() -> None:
    header = Dataset()
    header.StudyInstanceUID = "2.25.7"
    taken = inherited_modules(header, "2.25.7")
    for keyword in ("PatientName", "PatientID", "PatientSex", "StudyDate", "AccessionNumber", "StudyID"):
        assert keyword in taken
        assert taken[keyword].is_empty


def test_odd_values_are_carried_over_as_they_are_and_not_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    made = results.one_hand()
    (uid,) = made.sources
    header = made.sources[uid].header
    header.PatientSex = "U"
    for keyword, value in (("StudyTime", "9:15"), ("PatientBirthDate", "1960"), ("StudyID", "X" * 40)):
        header.add(DataElement(keyword, dictionary_VR(keyword), value, validation_mode=config.IGNORE))
    with config.disable_value_validation():
        received = as_received(header)
    sources = {uid: SourceImage(received, made.sources[uid].pixels)}
    caplog.clear()
    for one in write(replace(made, sources=sources)):
        assert b"\x10\x00\x40\x00CS\x02\x00U " in one.content
        assert b"\x08\x00\x30\x00TM\x04\x009:15" in one.content
        assert b"\x10\x00\x30\x00DA\x04\x001960" in one.content
    assert caplog.text == ""


def test_trial_modules_are_complete() -> None:
    header = results.source_header()
    del header.ClinicalTrialSiteID
    taken = inherited_modules(header, "2.25.77")
    assert (taken.ClinicalTrialProtocolID, taken.ClinicalTrialTimePointID) == ("TRIAL-1", "W24")
    assert taken["ClinicalTrialSiteID"].is_empty


def test_a_source_of_another_study_is_refused() -> None:
    with pytest.raises(SourceMismatchError, match="another study"):
        inherited_modules(results.source_header(), "2.25.78")


def test_sources_of_two_patients_are_refused() -> None:
    made = results.two_hands()
    next(iter(made.sources.values())).header.PatientID = "P-4712"
    with pytest.raises(SourceMismatchError, match="disagree on PatientID") as caught:
        write(made)
    assert "4712" not in str(caught.value)


def test_times_are_told_in_the_time_zone_of_the_source() -> None:
    """Timezone Offset From UTC is about Study Time too, so the source's own must stand."""
    made = results.with_header(results.one_hand(), TimezoneOffsetFromUTC="-0330")
    objects = write(made)
    report = dcmread(io.BytesIO(objects[-1].content))
    assert (report.TimezoneOffsetFromUTC, report.ContentTime, report.StudyTime) == ("-0330", "065030", "091500")
    objects = objects_of(results.one_hand)
    report = dcmread(io.BytesIO(objects[-1].content))
    assert (report.TimezoneOffsetFromUTC, report.ContentDate, report.ContentTime) == ("+0000", "20260105", "102030")
