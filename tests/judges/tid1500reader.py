"""dcmqi's tid1500reader: the measurements of a report (TID 1500) as research software reads them."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.foreign_programs.programs import missing_program


@dataclass(frozen=True)
class ReadNumber:
    """One measurement: of what, how much, in which unit; codes by code value."""

    quantity: str
    value: float
    unit: str


@dataclass(frozen=True)
class ReadGroup:
    """One measurement group as the program returns it."""

    tracking_identifier: str
    tracking_uid: str
    finding_site: str
    laterality: str | None
    numbers: tuple[ReadNumber, ...]


def read_groups(path: Path) -> list[ReadGroup]:
    """Every measurement group of a report. Fails when the program says that it cannot read a part."""
    with TemporaryDirectory() as folder:
        answer = Path(folder) / "measurements.json"
        command = [str(_program()), "--inputDICOM", str(path), "--outputMetadata", str(answer)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, timeout=60)
        # It ends with 0 whatever happens; what it could not read it says.
        faults = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("E:", "F:", "ERROR"))]
        if faults or not answer.exists():
            pytest.fail(f"tid1500reader cannot read {path.name}: {faults}")
        groups: list[dict[str, Any]] = json.loads(answer.read_text())["Measurements"]
    return [_read_group(group) for group in groups]


def _read_group(raw: dict[str, Any]) -> ReadGroup:
    return ReadGroup(
        raw["TrackingIdentifier"],
        raw["TrackingUniqueIdentifier"],
        raw["FindingSite"]["CodeValue"],
        raw["Laterality"]["CodeValue"] if "Laterality" in raw else None,
        tuple(
            ReadNumber(n["quantity"]["CodeValue"], float(n["value"]), n["units"]["CodeValue"])
            for n in raw.get("measurementItems", ())
        ),
    )


def _program() -> Path:
    """The binary inside the Python package: its console script would start an interpreter for each file."""
    package = find_spec("dcmqi")
    if package is None or package.origin is None:
        raise missing_program("tid1500reader", "Python package dcmqi, extra dev")
    return Path(package.origin).parent / "bin" / "tid1500reader"
