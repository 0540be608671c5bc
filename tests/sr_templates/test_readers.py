"""What programs of others read out of our reports: every group, and every grade as it was given."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Final

import highdicom
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from scoring.coded_concept import CodedConcept
from scoring.result import ScoreItem, Side
from scoring.spec import SystemSpec
from sr_templates.document_forms import DocumentForm
from sr_templates.group_places import items_by_place
from tests.judges.ohif_viewer import load_reports
from tests.judges.tid1500reader import read_groups
from tests.sr_templates import results_for_tests as results
from tests.sr_templates.result_cases import CASES
from tests.sr_templates.results_for_tests import ResultForTests
from tests.sr_templates.written_objects import report_of, reports_of

FORMS: Final[tuple[DocumentForm, ...]] = ("comprehensive3d", "comprehensive", "enhanced")
"""The forms that hold numbers and regions."""

LATERALITY: Final[dict[Side | None, str | None]] = {"R": "24028007", "L": "7771000", None: None}
"""SNOMED CT, CID 244."""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, str]:
    """Every report that holds numbers: file -> name of its case."""
    folder = tmp_path_factory.mktemp("reports")
    files = {folder / f"{case}, {form}.dcm": (case, form) for case in CASES for form in FORMS}
    for path, (case, form) in files.items():
        path.write_bytes(reports_of(CASES[case])[form])
    return {path: case for path, (case, _) in files.items()}


def test_ohif_shows_every_group_with_its_grades(reports: dict[Path, str]) -> None:
    """It prints two decimals, and for a grade of 0 no digit (docs/reading_our_reports.md)."""
    for path, loaded in load_reports(*reports).items():
        made, report = CASES[reports[path]](), dcmread(path)
        assert loaded.complaints == (), path.stem
        assert loaded.is_measurement_report and loaded.is_loaded, path.stem
        assert sorted(a.tracking_uid for a in loaded.annotations) == sorted(_tracking_uids(report)), path.stem
        assert {a.image for a in loaded.annotations} <= {i.sop_instance_uid for i in made.result.images if i.used}
        printed = {(name, value) for a in loaded.annotations for name, value in a.labels}
        wanted = {
            (concept.meaning, f"{number:.2f} {unit}" if number else f" {unit}")
            for *_, concept, number, unit in _grades(made, most=5)
        }
        assert wanted <= printed, path.stem


def test_tid1500reader_returns_every_measurement(reports: dict[Path, str]) -> None:
    with ThreadPoolExecutor(2) as workers:
        answers = dict(zip(reports, workers.map(read_groups, reports), strict=True))
    for path, groups in answers.items():
        report = dcmread(path)
        assert [group.tracking_uid for group in groups] == _tracking_uids(report), path.stem
        assert sum(len(group.numbers) for group in groups) == len(list(_numbers(report))), path.stem
        read: dict[tuple[object, ...], list[float]] = defaultdict(list)
        for group in groups:
            for n in group.numbers:
                read[group.finding_site, group.laterality, n.quantity, n.unit].append(n.value)
        for site, side, concept, number, unit in _grades(CASES[reports[path]]()):
            assert pytest.approx(number) in read[site, LATERALITY[side], concept.value, unit], path.stem


@pytest.mark.parametrize(
    "case", [c for c in CASES if "both in one" in c or "toy" in c or "intervals" in c or "two fingers" in c]
)
def test_highdicom_returns_every_group(case: str) -> None:
    """The slowest of these readers: not every case."""
    report = reports_of(CASES[case])["comprehensive3d"]
    wanted = dcmread(io.BytesIO(report))
    read = highdicom.sr.srread(io.BytesIO(report)).content
    groups = read.get_planar_roi_measurement_groups()
    assert [group.tracking_uid for group in groups] == _tracking_uids(wanted)
    assert sum(len(group.get_measurements()) for group in groups) == len(list(_numbers(wanted)))
    assert read.get_observer_contexts()[0].observer_type.value == "121007"


def test_readers_are_not_blind(tmp_path: Path) -> None:
    """A group without its region makes OHIF refuse the report; a lost number is missed."""
    without_region = report_of(results.not_evaluable)
    group = next(iter(_groups(without_region)))
    group.ContentSequence = [item for item in group.ContentSequence if item.ValueType != "SCOORD"]
    without_number = report_of(results.one_hand)
    group = next(g for g in _groups(without_number) if any(i.ValueType == "NUM" for i in g.ContentSequence))
    group.ContentSequence = [item for item in group.ContentSequence if item.ValueType != "NUM"]
    for name, dataset in (("region", without_region), ("number", without_number)):
        dataset.save_as(tmp_path / f"{name}.dcm")

    [loaded] = load_reports(tmp_path / "region.dcm").values()
    assert loaded.complaints and not loaded.annotations
    kept = sum(len(group.numbers) for group in read_groups(tmp_path / "number.dcm"))
    assert 0 < kept < len(list(_numbers(report_of(results.one_hand))))


def _grades(
    made: ResultForTests, most: int | None = None
) -> Iterator[tuple[str, Side | None, CodedConcept, float, str]]:
    """Every number given at a site: code of the site, side, concept, number and unit as the report writes them.

    ``most``: of each site, or each picture of it, so many at most.
    """
    for (side, key, _), items in items_by_place(made.result.items, made.spec).items():
        site = made.spec.site(key).concept.value
        yield from islice(((site, side, *number) for item in items for number in _numbers_of(item, made.spec)), most)


def _numbers_of(item: ScoreItem, system: SystemSpec) -> Iterator[tuple[CodedConcept, float, str]]:
    spec = system.item(item.item)
    if item.grade is not None and spec.scale == "grade":
        yield spec.concept, float(item.grade), "{score}"
    if item.value is not None and spec.scale == "present":
        yield spec.value_concept, 100 * item.value, "%"
    elif item.value is not None:
        yield spec.value_concept, item.value, spec.unit.value if spec.unit else "{score}"


def _groups(report: Dataset) -> Iterator[Dataset]:
    for container in report.ContentSequence:
        if container.ConceptNameCodeSequence[0].CodeValue == "126010":
            yield from (item for item in container.ContentSequence if item.ValueType == "CONTAINER")


def _tracking_uids(report: Dataset) -> list[str]:
    return [str(item.UID) for group in _groups(report) for item in group.ContentSequence if item.ValueType == "UIDREF"]


def _numbers(report: Dataset) -> Iterator[Dataset]:
    yield from (item for group in _groups(report) for item in group.ContentSequence if item.ValueType == "NUM")
