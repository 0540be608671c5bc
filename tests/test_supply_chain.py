"""What we build on: pins at or above known fixes, no GPL by default, a bill of materials, an audit with exceptions."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from scoring.catalogue import list_systems
from scoring.weights import all_weights
from supply_chain.audit import EXCEPTIONS, Finding, judge, read_exceptions, read_report
from supply_chain.bill_of_materials import bill_of_materials
from supply_chain.installed import ROOT, installed_tree, licence_of

REPOSITORY = Path(__file__).parents[1]
FIXED_IN = {
    "pynetdicom": "3.0.4",  # CVE-2026-56445
    "pydicom": "3.0.2",  # CVE-2026-32711
    "torch": "2.10",  # CVE-2025-32434, CVE-2026-24747
    "monai": "1.5.2",  # CVE-2025-58756, CVE-2026-21851, GHSA-89gg-p5r5-q6r4
}
COPYLEFT = re.compile(r"\b[AL]?GPL|General Public License|SSPL|Business Source|NonCommercial|CC-BY-NC", re.IGNORECASE)


def requirements() -> dict[str, Requirement]:
    """Of pyproject.toml, all extras, by canonical name."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(r for extra in project["optional-dependencies"].values() for r in extra)]
    found = [Requirement(line) for line in lines]
    return {canonicalize_name(r.name): r for r in found if r.name != ROOT}


def pins() -> dict[str, Version]:
    """Of the constraints that the Makefile installs by."""
    lines = (REPOSITORY / "constraints" / "py311.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line.partition(";")[0].strip() for line in lines if "==" in line and not line.startswith("#")]
    return {canonicalize_name(line.partition("==")[0]): Version(line.partition("==")[2]) for line in pinned}


@pytest.mark.parametrize("name", FIXED_IN)
def test_no_version_with_a_known_hole_is_allowed_or_pinned(name: str) -> None:
    fixed = Version(FIXED_IN[name])
    lower = [Version(s.version) for s in requirements()[name].specifier if s.operator in (">=", "==", "~=")]
    assert lower and min(lower) >= fixed
    assert pins()[name] >= fixed


def test_every_requirement_has_a_lower_bound_and_a_pin_within_its_bounds() -> None:
    for name, requirement in requirements().items():
        assert any(s.operator == ">=" for s in requirement.specifier), name
        if name != "atheris":  # of the extra that nothing else needs
            assert requirement.specifier.contains(pins()[name]), name


def test_the_default_install_holds_no_copyleft() -> None:
    tree = installed_tree()
    assert len(tree) > 30
    found = {name: licence_of(here) for name, (here, _) in tree.items() if COPYLEFT.search(licence_of(here))}
    assert found == {}
    assert not {name for name, (here, _) in tree.items() if not licence_of(here)}, "each says its licence"


def test_the_database_driver_is_copyleft_and_so_an_extra() -> None:
    """Else the search above would find nothing because it can find nothing."""
    tree = installed_tree(["postgres"])
    assert COPYLEFT.search(licence_of(tree["psycopg"][0]))
    assert "psycopg" not in installed_tree()


def test_the_bill_of_materials_names_every_library_and_every_weight_by_its_hash() -> None:
    bill = bill_of_materials()
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    references = [c["bom-ref"] for c in bill["components"]]
    assert len(set(references)) == len(references)
    names = {c["name"] for c in bill["components"]}
    assert {"pydicom", "pynetdicom", "celery", "torch", "safetensors", "sqlalchemy"} <= names
    hashes = {h["content"] for c in bill["components"] for h in c.get("hashes", ())}
    for spec in list_systems():
        assert {spec.sha256, *(record.sha256 for record in all_weights(spec.weights_files))} <= hashes
    known = {*references, ROOT}
    for entry in bill["dependencies"]:
        assert {entry["ref"], *entry["dependsOn"]} <= known
    assert all(re.fullmatch(r"[0-9a-f]{64}", value) for value in hashes)


def test_the_bill_is_printed_as_json_and_is_the_same_each_time() -> None:
    command = [sys.executable, "-m", "supply_chain.bill_of_materials"]
    first, second = (subprocess.run(command, capture_output=True, check=True, cwd=REPOSITORY).stdout for _ in range(2))
    assert first == second
    assert json.loads(first) == bill_of_materials()


REPORT = {
    "dependencies": [
        {"name": "sound", "version": "1.0", "vulns": []},
        {"name": "holed", "version": "1.0", "vulns": [
            {"id": "PYSEC-1", "aliases": ["CVE-2026-1"], "fix_versions": ["1.1"]}]},
        {"name": "unknown", "skip_reason": "not found"},
    ]
}  # fmt: skip


@pytest.mark.parametrize(
    ("until", "package", "identity", "excepted"),
    [
        (date(2026, 12, 31), "holed", "CVE-2026-1", True),
        (date(2026, 1, 1), "holed", "CVE-2026-1", False),
        (date(2026, 12, 31), "sound", "CVE-2026-1", False),
        (date(2026, 12, 31), "holed", "CVE-2026-2", False),
    ],
)
def test_an_exception_holds_for_its_library_its_hole_and_its_time(
    until: date, package: str, identity: str, excepted: bool
) -> None:
    findings, skipped = read_report(REPORT)
    assert findings == [Finding("holed", "1.0", ("PYSEC-1", "CVE-2026-1"), ("1.1",))]
    assert skipped == ["unknown"]
    exception = {"id": identity, "package": package, "reason": "not reached", "until": until}
    open_ones, lived_with = judge(findings, [exception], date(2026, 6, 1))
    assert (open_ones == [], bool(lived_with)) == (excepted, excepted)


def test_every_exception_says_why_and_until_when(tmp_path: Path) -> None:
    read_exceptions(EXCEPTIONS)
    faulty = tmp_path / "exceptions.toml"
    faulty.write_text('[[exception]]\nid = "X"\npackage = "x"\nreason = " "\nuntil = 2026-01-01\n')
    with pytest.raises(ValueError, match="an exception has exactly"):
        read_exceptions(faulty)
