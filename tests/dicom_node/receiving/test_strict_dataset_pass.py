"""The strict pass against pydicom: it takes what pydicom reads, and never what pydicom cannot read to the end."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.filereader import read_file_meta_info
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicom_node.errors import InstanceRefusedError
from dicom_node.receiving.strict_dataset_pass import DatasetFacts, StrictDatasetPass
from tests.dicom_node.receiving.instances import encoded, radiograph
from tests.dicom_node.receiving.pydicom_reading import pydicom_reads_whole

UNCOMPRESSED = [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian]
CAP = 1 << 24


def walk(data: bytes, transfer_syntax: str, piece: int = 1 << 16, **limits: int) -> DatasetFacts:
    strict = StrictDatasetPass(transfer_syntax, CAP, **limits)
    for at in range(0, len(data), piece):
        strict.feed(data[at : at + piece])
    return strict.finish()


def status_of(data: bytes, transfer_syntax: str = ExplicitVRLittleEndian) -> int:
    """0 when it is taken."""
    try:
        walk(data, transfer_syntax)
    except InstanceRefusedError as refused:
        return refused.status
    return 0


def packaged_files() -> list[Path]:
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    return sorted(p for p in folder.glob("*.dcm") if _is_part_10(p))


def _is_part_10(path: Path) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            meta = read_file_meta_info(path)
    except Exception:  # several of pydicom's test files are broken on purpose
        return False
    return "TransferSyntaxUID" in meta and "FileMetaInformationGroupLength" in meta


# pydicom's incomplete or damaged test files, and why each is refused.
KNOWN_REFUSALS = {
    "JPEGLSNearLossless_08.dcm": "Study Instance UID is missing",
    "JPEGLSNearLossless_16.dcm": "Study Instance UID is missing",
    "SC_rgb_jls_lossy_line.dcm": "Study Instance UID is missing",
    "SC_rgb_jls_lossy_sample.dcm": "Study Instance UID is missing",
    "UN_sequence.dcm": "SOP Class UID is missing",
    "empty_charset_LEI.dcm": "SOP Class UID is missing",
    "priv_SQ.dcm": "SOP Class UID is missing",
    "nested_priv_SQ.dcm": "group 0001",
    "SC_rgb_jpeg.dcm": "no value representation at 0",  # its meta header says explicit, its data set is implicit
    "MR_truncated.dcm": "data set ends in the middle",
    "rtplan_truncated.dcm": "data set ends in the middle",
    "image_dfl.dcm": "",
}


@pytest.mark.parametrize("path", packaged_files(), ids=lambda p: p.name)
@pytest.mark.parametrize("piece", [1 << 16, 7])
def test_pydicoms_files(path: Path, piece: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        meta = read_file_meta_info(path)
        ds = pydicom.dcmread(path, stop_before_pixels=True)
    data = path.read_bytes()[144 + meta.FileMetaInformationGroupLength :]
    try:
        facts = walk(data, meta.TransferSyntaxUID, piece)
    except InstanceRefusedError as refused:
        assert path.name in KNOWN_REFUSALS, refused
        assert KNOWN_REFUSALS[path.name] in refused.comment
        return
    assert path.name not in KNOWN_REFUSALS
    assert pydicom_reads_whole(data, meta.TransferSyntaxUID)
    assert facts.sop_instance_uid == ds.SOPInstanceUID
    assert facts.study_instance_uid == ds.StudyInstanceUID
    assert facts.bytes == len(data)


def _element(ds: Dataset, keyword: str, value: Any) -> None:
    setattr(ds, keyword, value)


texts = st.text("ABCabc 123^", max_size=20).map(str.strip)
plain = st.fixed_dictionaries(
    {},
    optional={
        "SpecificCharacterSet": st.sampled_from(["ISO_IR 100", "ISO_IR 192", "ISO 2022 IR 6\\ISO 2022 IR 87"]),
        "PatientName": texts,
        "StudyDescription": texts,
        "Rows": st.integers(0, 65535),
        "SelectorATValue": st.just(0x00100010),
        "ImageComments": texts,
        "OverlayData": st.binary(max_size=60).filter(lambda b: len(b) % 2 == 0),
        "TextValue": texts,
    },
)
sequences = st.recursive(
    plain,
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "ReferencedStudySequence": st.lists(inner, max_size=3),
            "ContentSequence": st.lists(inner, max_size=2),
            "PatientID": texts,
        },
    ),
    max_leaves=8,
)


def _build(values: dict[str, Any], undefined: bool) -> Dataset:
    ds = Dataset()
    ds.is_undefined_length_sequence_item = undefined
    for keyword, value in values.items():
        if isinstance(value, list):
            setattr(ds, keyword, [_build(item, undefined) for item in value])
            ds[keyword].is_undefined_length = undefined
        elif keyword == "OverlayData":
            ds.add_new(0x60003000, "OW", value)
        else:
            _element(ds, keyword, value)
    return ds


@st.composite
def data_sets(draw: st.DrawFn) -> tuple[bytes, str]:
    syntax = draw(st.sampled_from(UNCOMPRESSED))
    fixed = {"SOPInstanceUID": "1.2.3", "StudyInstanceUID": "1.2.4", "SeriesInstanceUID": "1.2.5"}
    ds = radiograph(PixelData=draw(st.binary(max_size=40).filter(lambda b: len(b) % 2 == 0)), **fixed)
    ds.update(_build(draw(sequences), draw(st.booleans())))
    ds.add_new(0x00090010, "LO", "MAKER")
    ds.add_new(0x00091001, "UN", draw(st.binary(max_size=20).filter(lambda b: len(b) % 2 == 0)))
    return encoded(ds, syntax), syntax


@settings(deadline=None, max_examples=150)
@given(data_sets(), st.integers(1, 50))
def test_every_valid_data_set_is_taken_in_pieces_of_any_size(made: tuple[bytes, str], piece: int) -> None:
    data, syntax = made
    assert pydicom_reads_whole(data, syntax)
    facts = walk(data, syntax, piece)
    assert facts == walk(data, syntax)
    assert facts.manufacturer == "a maker"


@settings(deadline=None, max_examples=150)
@given(data_sets(), st.data())
def test_a_truncated_data_set_is_refused_or_ends_between_elements(made: tuple[bytes, str], data: st.DataObject) -> None:
    whole, syntax = made
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    if status_of(cut, syntax) == 0:
        assert pydicom_reads_whole(cut, syntax), "a cut between two elements is a data set"


@settings(deadline=None, max_examples=400)
@given(data_sets(), st.data())
def test_what_is_taken_after_damage_pydicom_reads_whole(made: tuple[bytes, str], data: st.DataObject) -> None:
    whole, syntax = made
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    if status_of(bytes(damaged), syntax) == 0:
        assert pydicom_reads_whole(bytes(damaged), syntax)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=400), st.sampled_from(UNCOMPRESSED))
def test_garbage_is_refused_with_a_status(garbage: bytes, syntax: str) -> None:
    assert status_of(garbage, syntax) in (0xA700, 0xA900, 0xC000)


def test_more_elements_than_allowed_are_refused() -> None:
    many = radiograph()
    many.ReferencedStudySequence = [radiograph() for _ in range(30)]
    with pytest.raises(InstanceRefusedError, match="more than 100 elements"):
        walk(encoded(many), ExplicitVRLittleEndian, max_elements=100)


def test_a_length_over_the_cap_is_refused_before_it_comes() -> None:
    head = encoded(radiograph())[:-140] + bytes.fromhex("e07f1000") + b"OW\0\0" + (1 << 31).to_bytes(4, "little")
    strict = StrictDatasetPass(ExplicitVRLittleEndian, CAP)
    with pytest.raises(InstanceRefusedError) as refused:
        strict.feed(head)
    assert refused.value.status == 0xA700


def test_encapsulated_pixels_are_walked_by_fragment() -> None:
    ds = radiograph()
    del ds.PixelData
    pixels = bytes.fromhex("e07f1000") + b"OB\0\0" + b"\xff" * 4
    table = bytes.fromhex("feff00e000000000")
    fragment = bytes.fromhex("feff00e004000000") + b"\xff\xd8\xff\xd9"
    end = bytes.fromhex("feffdde000000000")
    assert status_of(encoded(ds) + pixels + table + fragment + end) == 0
    assert status_of(encoded(ds) + pixels + table + fragment) == 0xC000
    assert status_of(encoded(ds) + pixels + table + fragment + b"\0" * 8 + end) == 0xC000
    assert status_of(encoded(ds) + pixels + table + bytes.fromhex("feff00e0ffffffff") + end) == 0xC000
