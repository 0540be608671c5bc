"""Our encoder writes what pydicom writes, byte for byte."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable

import pytest
from pydicom import config, dcmread, dcmwrite
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import RLELossless

from scoring.coded_concept import CodedConcept
from sr_templates.content_items import code_item
from sr_templates.dataset_bytes import dataset_bytes
from sr_templates.document_forms import DocumentForm
from tests.sr_templates import results_for_tests as results
from tests.sr_templates.results_for_tests import ResultForTests
from tests.sr_templates.written_objects import objects_of

MADE = (results.both_in_one, results.not_evaluable, results.with_intervals)


def by_pydicom(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, implicit_vr=False, little_endian=True)
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["comprehensive", "basic_text"])
@pytest.mark.parametrize("make", MADE)
def test_every_object_is_the_file_that_pydicom_would_write(
    make: Callable[[], ResultForTests], form: DocumentForm
) -> None:
    for one in objects_of(make, form):
        dataset, rewritten = dcmread(io.BytesIO(one.content)), io.BytesIO()
        dataset.walk(lambda parent, element: None)  # decodes every element: raw ones would be written as they were read
        dcmwrite(rewritten, dataset, enforce_file_format=True)
        assert rewritten.getvalue() == one.content


ODD = {
    "PatientName": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "PatientID": "П-4711",
    "OtherPatientNames": ["Ä^B", "C"],
    "SoftwareVersions": ["one", "a second version"],
    "PatientComments": "several\\lines\r\nof text",
    "PixelSpacing": ["0.1", "0.10000"],
    "PatientSize": 1.75,
    "ReferencedFrameNumber": [1, 2, 30],
    "GraphicData": [0.5, 1.25, 3.0],
    "FloatingPointValue": 0.1,
    "RealWorldValueLUTData": [0.1, 0.2],
    "Rows": 7,
    "FrameIncrementPointer": 0x00182002,
    "ImageType": ["DERIVED", "SECONDARY"],
    "StudyDate": "",
    "StudyTime": None,
    "ReferencedSOPInstanceUID": "1.2.3",
    "LossyImageCompressionRatio": "8.5",
    "PerformedProcedureCodeSequence": [],
    "TextValue": "größer",
    "EncapsulatedDocument": b"odd",
    "RetrieveURL": "https://pacs.example/studies/1",
}


@pytest.mark.parametrize("keyword", ODD)
def test_a_value_of_any_kind_is_encoded_alike(keyword: str) -> None:
    dataset, item = Dataset(), Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    for one in (dataset, item):
        setattr(one, keyword, ODD[keyword])
    dataset.ConceptCodeSequence = Sequence([item])
    assert dataset_bytes(dataset) == by_pydicom(dataset)


def test_a_value_that_breaks_the_rules_of_its_type_is_encoded_alike() -> None:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    for keyword, vr, value in (
        ("PatientSex", "CS", "männlich"),
        ("PatientBirthDate", "DA", "1960.02.29"),
        ("StudyID", "SH", "X" * 77),
        ("PatientID", "LO", "P" * 70_000),
        ("PatientWeight", "DS", "about 70"),
    ):
        dataset.add(DataElement(keyword, vr, value, already_converted=True))
    with warnings.catch_warnings(), config.disable_value_validation():
        warnings.simplefilter("ignore")  # pydicom tells of the long value, which it writes as UN (PS3.5 6.2.2)
        assert dataset_bytes(dataset) == by_pydicom(dataset)


def test_encapsulated_pixels_keep_their_undefined_length() -> None:
    dataset = Dataset()
    dataset.PixelData = encapsulate([b"\1\2\3\4"])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    buffer = io.BytesIO()
    dataset.file_meta = Dataset()
    dataset.file_meta.TransferSyntaxUID = RLELossless
    dcmwrite(buffer, dataset)
    assert buffer.getvalue().endswith(dataset_bytes(dataset))


def test_a_code_is_told_apart_from_another_that_took_its_place_in_memory() -> None:
    """Items are remembered by identity while one dataset is encoded, no longer."""
    written = set()
    for number in range(50):
        dataset = Dataset()
        dataset.ConceptCodeSequence = Sequence([code_item(CodedConcept(f"V{number}", "99RHEUM", "x"))])
        written.add(dataset_bytes(dataset))
    assert len(written) == 50
