"""Orthanc as the archive: it stores every object, returns it as it was, and finds the reports over DICOMweb."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final, get_args

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from sr_templates.document_forms import SOP_CLASS_OF_FORM, Extra
from tests.foreign_programs.dcmtk import storescu
from tests.foreign_programs.orthanc import Orthanc
from tests.foreign_programs.programs import missing_program
from tests.sr_templates import result_cases as cases
from tests.sr_templates import results_for_tests as results
from tests.sr_templates.written_objects import reports_of, write

DICOMWEB_PLUGIN: Final = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


@pytest.mark.parametrize("make", [results.both_in_one, cases.skin_dermoscopy, results.withdrawn])
def test_orthanc_stores_returns_and_finds_every_object(make: cases.Make, tmp_path: Path) -> None:
    sent = _everything(make, tmp_path / "sent")
    if not DICOMWEB_PLUGIN.exists():
        raise missing_program("Orthanc's DICOMweb", "Debian package orthanc-dicomweb")
    with Orthanc(tmp_path / "orthanc", Plugins=[str(DICOMWEB_PLUGIN)]) as archive:
        stored = storescu(archive.dicom_port, tmp_path / "sent", called=archive.ae_title, options=("-R",))
        assert stored.returncode == 0, stored.stderr

        kept = {one["MainDicomTags"]["SOPInstanceUID"]: archive.file(one["ID"]) for one in archive.instances()}
        assert kept.keys() == sent.keys()
        for uid, dataset in sent.items():
            assert dcmread(io.BytesIO(kept[uid])) == dataset

        reports = {uid for uid, dataset in sent.items() if dataset.Modality == "SR"}
        study = next(iter(sent.values())).StudyInstanceUID
        series = archive.get(f"/dicom-web/studies/{study}/series?Modality=SR&includefield=00080060")
        assert {one["00080060"]["Value"][0] for one in series} == {"SR"}
        found = archive.get(f"/dicom-web/studies/{study}/instances?Modality=SR")
        assert {one["00080018"]["Value"][0] for one in found} == reports


def _everything(make: cases.Make, folder: Path) -> dict[str, Dataset]:
    """Every object in every form, put into ``folder``; by SOP Instance UID."""
    folder.mkdir()
    contents = [one.content for one in write(make(), "comprehensive", get_args(Extra))]
    contents += [report for form, report in reports_of(make).items() if form != "comprehensive"]
    datasets = {}
    for content in contents:
        dataset = dcmread(io.BytesIO(content))
        (folder / f"{dataset.SOPInstanceUID}.dcm").write_bytes(content)
        datasets[str(dataset.SOPInstanceUID)] = dataset
    assert {d.SOPClassUID for d in datasets.values()} >= set(SOP_CLASS_OF_FORM.values())
    return datasets
