"""PixelMed's validator on small reports that together have every kind of content item, relationship and SOP Class."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest
from pydicom.dataset import Dataset

from sr_templates.document_forms import DocumentForm
from tests.judges.pixelmed import template_complaints
from tests.sr_templates import result_cases as cases
from tests.sr_templates import results_for_tests as results
from tests.sr_templates.written_objects import write_report

GOLDEN: Final[Mapping[str, tuple[DocumentForm, cases.Make]]] = {
    "grades, gaps, intervals": ("comprehensive", lambda: cases.partly_scored(results.with_intervals())),
    "a later visit": ("comprehensive3d", lambda: cases.follow_up(results.both_in_one())),
    "scored again": ("enhanced", lambda: cases.re_issued(results.one_hand())),
    "photographs without sides": ("comprehensive3d", cases.skin_dermoscopy),
    "taken back": ("comprehensive", lambda: cases.withdrawn(results.one_hand())),
}


@pytest.mark.timeout(900)  # five Java processes: half a minute on an idle machine, minutes on a busy one
def test_templates_and_context_groups_are_kept(tmp_path: Path) -> None:
    reports = {name: write_report(cases.with_one_site(make()), form) for name, (form, make) in GOLDEN.items()}
    found = _judged(reports, tmp_path)
    assert {name: complaints for name, complaints in found.items() if complaints} == {}


def test_pixelmed_is_not_blind(tmp_path: Path) -> None:
    """A code from outside its context group."""
    report = write_report(results.not_evaluable())
    procedure = next(i for i in report.ContentSequence if i.ConceptNameCodeSequence[0].CodeValue == "121058")
    procedure.ConceptCodeSequence[0].CodeValue = "80146002"
    [complaint] = _judged({"broken": report}, tmp_path)["broken"]
    assert "80146002" in complaint and "not found in context group 100" in complaint


def _judged(reports: Mapping[str, Dataset], folder: Path) -> dict[str, list[str]]:
    """Two at a time: each starts a Java machine of its own."""
    for name, report in reports.items():
        report.save_as(folder / f"{name}.dcm")
    with ThreadPoolExecutor(2) as workers:
        return dict(zip(reports, workers.map(template_complaints, [folder / f"{n}.dcm" for n in reports]), strict=True))
