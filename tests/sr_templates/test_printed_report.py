"""The report to be printed: what is on its pages, that it travels whole, that nobody's name is in it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sr_templates.pdf_report import pdf_report
from sr_templates.pdf_score_pages import score_pages
from tests.foreign_programs.programs import find_program
from tests.judges.dicom3tools import iod_complaints
from tests.sr_templates import results_for_tests as results
from tests.sr_templates.result_cases import CASES
from tests.sr_templates.written_objects import objects_of, of_role, write

TOYS = tuple(case for name, case in CASES.items() if name.startswith("toy"))


def printed(made: results.ResultForTests) -> bytes:
    (document,) = of_role(write(made, "pictures", ["pdf"]), "pdf")
    return bytes(document.EncapsulatedDocument[: document.EncapsulatedDocumentLength])


def pages_in(pdf: bytes) -> int:
    return pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") + pdf.count(b"/Type /Page/")


@pytest.mark.parametrize(
    "make", [results.two_hands, results.not_evaluable, results.withdrawn, results.photo, *TOYS[:6]]
)
def test_it_is_valid_and_small(make: Callable[[], results.ResultForTests], tmp_path: Path) -> None:
    one = next(one for one in objects_of(make, extras=("pdf",)) if one.role == "pdf")
    path = tmp_path / "report.dcm"
    path.write_bytes(one.content)
    assert iod_complaints(path) == []
    assert len(one.content) < 1_000_000


def test_another_program_takes_the_same_document_out(tmp_path: Path) -> None:
    one = next(one for one in objects_of(results.two_hands, extras=("pdf",)) if one.role == "pdf")
    (tmp_path / "report.dcm").write_bytes(one.content)
    program = find_program("dcm2pdf", "dcmtk")
    subprocess.run([program, str(tmp_path / "report.dcm"), str(tmp_path / "report.pdf")], check=True)
    taken = (tmp_path / "report.pdf").read_bytes()
    assert taken.rstrip(b"\0") == printed(results.two_hands())


def test_every_site_grade_and_sum_is_on_the_first_page() -> None:
    made = results.two_hands()
    pdf = printed(made)
    assert pages_in(pdf) == 3
    for site in made.spec.sites:
        assert f"({site.label})".encode() in pdf
    for grade in range(6):
        wanted = sum(item.grade == grade for item in made.result.items)
        assert pdf.count(f"({grade}) Tj".encode()) >= wanted > 0
    for total in made.result.totals:
        assert f"({total.grade}) Tj".encode() in pdf
    assert pdf.count(b"(FOR RESEARCH USE ONLY)") == 3
    assert made.result.weights_digest.encode() in pdf
    assert made.result.statement.encode() in pdf


def test_a_gap_is_a_dash_with_the_letter_of_its_reason() -> None:
    pdf = printed(results.both_in_one())
    assert b"(a) Tj" in pdf
    assert b"a: joint outside the image" in pdf
    assert b"Not computable" in pdf


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (results.not_evaluable, b"(NOT EVALUABLE)"),
        (results.withdrawn, b"(WITHDRAWN)"),
        (results.re_issued, b"(Replaces the report of"),
        (results.follow_up, b"Baseline: the report of"),
    ],
)
def test_what_stands_above_the_numbers_is_said(make: Callable[[], results.ResultForTests], words: bytes) -> None:
    assert words in printed(make())


@pytest.mark.parametrize(("make", "state"), [(results.two_hands, "research only"), (results.withdrawn, "WITHDRAWN")])
def test_a_series_list_tells_what_was_withdrawn(make: Callable[[], results.ResultForTests], state: str) -> None:
    (document,) = of_role(write(make(), "pictures", ["pdf"]), "pdf")
    assert document.SeriesDescription.endswith(f" report to print ({state})")


def test_the_patient_is_nowhere_in_it() -> None:
    other = results.with_header(
        results.one_hand(),
        PatientName="Someone^Else",
        PatientID="P-9",
        PatientBirthDate="19990101",
        AccessionNumber="Z",
        StudyDescription="Other words",
        ClinicalTrialSubjectID="SUBJ-99",
    )
    assert printed(results.one_hand()) == printed(other)


def test_the_typeface_travels_along_and_the_dates_are_those_of_the_scoring() -> None:
    pdf = printed(results.one_hand())
    assert pdf.count(b"/FontFile2") == 2
    assert b"Helvetica" not in pdf
    assert pdf.count(b"(D:20260105102030Z)") == 2


def test_many_sites_go_on_over_the_page() -> None:
    made = results.one_hand()
    sites = tuple(
        replace(site, key=f"{site.key}{n}", label=f"{site.label} ({n})") for n in range(6) for site in made.spec.sites
    )
    spec = replace(made.spec, sites=sites)
    pages = score_pages(made.result, spec)
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    assert tuple(site for page in pages for site in page.sites) == sites
    assert len(pages) > 2
    assert pages_in(pdf_report(made.result, spec, [])) == len(pages)


def test_pictures_that_cannot_be_made_small_by_quality_are_made_smaller() -> None:
    made = results.one_hand()
    noise = np.random.default_rng(1).integers(0, 256, (1500, 1500, 3), dtype=np.uint8)
    pdf = pdf_report(made.result, made.spec, [("Noise", Image.fromarray(noise))] * 4)
    assert pages_in(pdf) == 5
    assert len(pdf) < 1_000_000
