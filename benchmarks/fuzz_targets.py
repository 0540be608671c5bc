"""What ``benchmarks.fuzz_parsers`` throws bytes at: each reads them as the node would, and says what may never be.

A target returns when the bytes were read or refused as they should, and raises when an exception is not one of ours,
or when what was taken is not what it should be. ``seeds`` are where the fuzzer begins.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from pydicom import config
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicom_node.errors import InstanceRefusedError
from dicom_node.photographs.jpeg_segments import coded_jpeg
from dicom_node.receiving.association_pdus import RequestDamagedError, read_request
from dicom_node.receiving.dimse_command import CommandError, encode_response, read_command
from dicom_node.receiving.part10_head import read_part10_head
from dicom_node.receiving.strict_dataset_pass import StrictDatasetPass
from dicom_node.routing import decide
from scoring.catalogue import list_systems
from scoring.errors import ResultError
from scoring.result import ScoreResult
from scoring.study import Study, read_image_reference, read_trial_context
from sr_templates.errors import ForeignReportError
from sr_templates.header_text import decode_text
from sr_templates.read_back import read_back
from tests.dicom_node.receiving.instances import CR, encoded, radiograph
from tests.dicom_node.receiving.pydicom_reading import pydicom_reads_whole
from tests.dicom_node.receiving.raw_sender import associate_request, store_command
from tests.hazards.malformed_files import malformed_files
from tests.sr_templates.foreign_reports import highdicom_report
from tests.sr_templates.result_cases import finger_film
from tests.sr_templates.results_for_tests import hand_spec, not_evaluable, withdrawn
from tests.sr_templates.written_objects import report_of

_SYNTAXES: Final = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian)
_CAP: Final = 1 << 20
_LONGEST_SEED: Final = 8000
_TEXTS: Final = ("PatientName", "PatientID", "StudyDescription", "ReferringPhysicianName", "RequestAttributesSequence")


@dataclass(frozen=True, slots=True)
class FuzzTarget:
    """One parser, how it is called, and valid input to begin with."""

    read: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    longest: int = 8192
    """Bytes."""


def _strict_pass(data: bytes) -> None:
    """The first byte chooses the transfer syntax and the size of the pieces."""
    if not data:
        return
    syntax, piece, data_set = _SYNTAXES[data[0] % 3], 1 + data[0] % 97, data[1:]
    try:
        strict = StrictDatasetPass(syntax, _CAP)
        for at in range(0, len(data_set), piece):
            strict.feed(memoryview(data_set)[at : at + piece])
        strict.end()
    except InstanceRefusedError as refused:
        assert len(refused.comment) <= 64 and refused.comment.isascii()
        return
    assert pydicom_reads_whole(data_set, syntax), "taken, and pydicom cannot read it to its last byte"


def _association_request(data: bytes) -> None:
    with suppress(RequestDamagedError):
        read_request(data)


def _command(data: bytes) -> None:
    with suppress(CommandError):
        encode_response(read_command(data), 0xC000, "comment", 0x00080018)


def _part10_head(data: bytes) -> None:
    with suppress(InstanceRefusedError):
        head = read_part10_head(io.BytesIO(data))
        assert head.data_set_offset <= len(data)


def _header(data: bytes) -> None:
    """What the strict pass took, as assembly, routing and the writer of reports read it."""
    strict = StrictDatasetPass(ExplicitVRLittleEndian, _CAP)
    try:
        strict.feed(data)
        strict.finish()
    except InstanceRefusedError:
        return
    header = read_dataset(io.BytesIO(data), is_implicit_VR=False, is_little_endian=True)
    reference = read_image_reference(header, "0" * 64, ExplicitVRLittleEndian)
    decide(Study(reference.study_instance_uid, (reference,), read_trial_context(header)), list_systems())
    decode_text(header, _TEXTS)


def _report(data: bytes) -> None:
    """Reports of ours, and of anybody: read whole, or ForeignReportError."""
    for spec in (hand_spec(), None):
        report = _data_set(data)
        if report is not None:
            with suppress(ForeignReportError):
                read_back(report, spec, changed=True)


def _jpeg_header(data: bytes) -> None:
    coded = coded_jpeg(data)
    assert coded is None or len(coded.content) <= len(data)


def _stored_result(data: bytes) -> None:
    with suppress(ResultError, UnicodeDecodeError):
        ScoreResult.from_json(data.decode())


def _data_set(data: bytes) -> Dataset | None:
    """Only what the strict pass takes comes to a reader."""
    strict = StrictDatasetPass(ExplicitVRLittleEndian, _CAP)
    try:
        strict.feed(data)
        strict.end()
    except InstanceRefusedError:
        return None
    return read_dataset(io.BytesIO(data), is_implicit_VR=False, is_little_endian=True)


def _data_set_seeds() -> list[bytes]:
    """An image and the malformed files without preamble and file meta; a byte before each chooses the syntax."""
    image = radiograph(ReferencedStudySequence=[radiograph()])
    seeds = [bytes((number,)) + encoded(image, syntax) for number, syntax in enumerate(_SYNTAXES)]
    return seeds + [b"\0" + seed for seed in _malformed_data_sets()]


def _malformed_data_sets() -> list[bytes]:
    seeds = []
    for file in malformed_files().values():
        with suppress(InstanceRefusedError):
            head = read_part10_head(io.BytesIO(file))
            seeds.append(file[head.data_set_offset :][:_LONGEST_SEED])
    return seeds


def _report_seeds() -> list[bytes]:
    reports = [report_of(not_evaluable), report_of(withdrawn), report_of(finger_film), highdicom_report()]
    return [encoded(_without_meta(report)) for report in reports]


def _without_meta(report: Dataset) -> Dataset:
    return Dataset({tag: element for tag, element in report.items() if tag.group >= 0x0008})


def _jpeg_seeds() -> list[bytes]:
    return [b"\xff\xd8\xff\xe1\x00\x08Exif\0\0\xff\xdb\x00\x04ab\xff\xfe\x00\x04cd\xff\xda\x00\x02pixels\xff\xd9"]


TARGETS: Final[dict[str, FuzzTarget]] = {
    "strict_dataset_pass": FuzzTarget(_strict_pass, _data_set_seeds),
    "association_request": FuzzTarget(_association_request, lambda: [associate_request()[6:]]),
    "dimse_command": FuzzTarget(_command, lambda: [store_command(CR, "1.2.3")], 1024),
    "part10_head": FuzzTarget(_part10_head, lambda: [file[:1000] for file in malformed_files().values()], 2048),
    "header": FuzzTarget(_header, lambda: [encoded(radiograph()), *_malformed_data_sets()]),
    "report": FuzzTarget(_report, _report_seeds, 20_000),
    "jpeg_header": FuzzTarget(_jpeg_header, _jpeg_seeds, 1024),
    "stored_result": FuzzTarget(_stored_result, lambda: [not_evaluable().result.to_json().encode()], 10_000),
}


def be_quiet() -> None:
    """pydicom's warnings quote what it reads; a million of them help nobody."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    config.settings.reading_validation_mode = config.IGNORE
