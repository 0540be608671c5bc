"""What validators say about every kind of object that we write, from every kind of result."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, get_args

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from sr_templates.document_forms import Extra
from tests.judges.dicom3tools import entity_complaints, iod_complaints, tree_complaints
from tests.judges.dsrdump import report_complaints
from tests.sr_templates import results_for_tests as results
from tests.sr_templates.result_cases import CASES, Make
from tests.sr_templates.written_objects import datasets_of, report_of, reports_of, write

TYPE_2: Final = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"),
)
"""Of the Patient and General Study Modules (PS3.3 C.7.1.1, C.7.2.1): we write them, empty if need be."""


@pytest.mark.parametrize("case", CASES)
def test_dicom3tools_and_dcmtk_find_nothing(case: str) -> None:
    """dciodvfy on every object, dcsrdump and dsrdump on every document, dcentvfy on all of them with their sources."""
    with TemporaryDirectory() as folder:
        files = list(_write_all(CASES[case], Path(folder)))
        sources = list(_write_sources(CASES[case], Path(folder)))
        with ThreadPoolExecutor(2) as workers:
            found = dict(zip([file.stem for file in files], workers.map(_complaints, files), strict=True))
        found["together"] = entity_complaints([*sources, *files])
    assert {name: complaints for name, complaints in found.items() if complaints} == {}


def test_dciodvfy_is_not_blind(tmp_path: Path) -> None:
    """A report without its completion flag and a picture without its conversion type."""
    picture, report = datasets_of(results.one_hand)[0], report_of(results.one_hand)
    for dataset, keyword in ((report, "CompletionFlag"), (picture, "ConversionType")):
        del dataset[keyword]
        assert any(keyword in complaint for complaint in iod_complaints(_saved(dataset, tmp_path)))


def test_the_readers_of_trees_are_not_blind(tmp_path: Path) -> None:
    """A content item without its value, and one that is related to its parent as it must not be."""
    without_value = report_of(results.not_evaluable)
    del without_value.ContentSequence[0].ConceptCodeSequence
    wrongly_related = report_of(results.not_evaluable)
    wrongly_related.ContentSequence[0].RelationshipType = "INFERRED FROM"

    assert any("Language" in complaint for complaint in tree_complaints(_saved(without_value, tmp_path)))
    assert any("ConceptCodeSequence" in complaint for complaint in report_complaints(_saved(without_value, tmp_path)))
    assert any("inferred from" in complaint for complaint in report_complaints(_saved(wrongly_related, tmp_path)))


def test_dcentvfy_is_not_blind(tmp_path: Path) -> None:
    """Two objects of one study that do not agree on the patient's sex."""
    first, second = datasets_of(results.one_hand)[-2:]
    second.PatientSex = "M"
    complaints = entity_complaints([_saved(first, tmp_path, "first"), _saved(second, tmp_path, "second")])
    assert any("PatientSex" in complaint for complaint in complaints)


def _write_all(make: Make, folder: Path) -> Iterator[Path]:
    """Everything a destination can ask for, each object once; pictures are the same in every form."""
    for number, written in enumerate(write(make(), "comprehensive", get_args(Extra))):
        yield _put(folder / f"{number} {written.role}.dcm", written.content)
    for form, report in reports_of(make).items():
        if form != "comprehensive":
            yield _put(folder / f"report {form}.dcm", report)


def _write_sources(make: Make, folder: Path) -> Iterator[Path]:
    """The headers of the source images, in UTF-8: dcentvfy compares bytes, whatever their character set is."""
    for number, source in enumerate(make().sources.values()):
        header = Dataset(source.header)
        header.SpecificCharacterSet = "ISO_IR 192"
        for keyword in TYPE_2:  # as an archive fills what a careless sender left out
            header.setdefault(keyword, None)
        if not header.get("ProcedureCodeSequence"):  # type 3: present but empty is a fault that we do not carry on
            header.pop("ProcedureCodeSequence", None)
        yield _saved(header, folder, f"source {number}")


def _complaints(path: Path) -> list[str]:
    complaints = iod_complaints(path)
    if "ContentSequence" in dcmread(path, specific_tags=["ContentSequence"], stop_before_pixels=True):
        complaints += tree_complaints(path) + report_complaints(path)
    return complaints


def _saved(dataset: Dataset, folder: Path, name: str = "broken") -> Path:
    content = io.BytesIO()
    if not hasattr(dataset, "file_meta"):
        dataset.ensure_file_meta()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(content, enforce_file_format=True)
    return _put(folder / f"{name}.dcm", content.getvalue())


def _put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
