"""OHIF's own reader of Structured Reports, run in Node: what would its user see? (``ohif/README.md``)"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from tests.foreign_programs.programs import missing_program

FOLDER: Final = Path(__file__).parent / "ohif"


@dataclass(frozen=True)
class Annotation:
    """One region shown on an image, with its list of labels: (name, what is printed beside it)."""

    tracking_uid: str
    image: str
    labels: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class LoadedReport:
    """What the viewer makes of one report whose images are open."""

    is_measurement_report: bool
    is_loaded: bool
    referenced_images: tuple[str, ...]
    annotations: tuple[Annotation, ...]
    complaints: tuple[str, ...]
    """Warnings, notices to the user, and the exception that ended it."""


def load_reports(*paths: Path) -> dict[Path, LoadedReport]:
    """Load reports one after the other in one Node process."""
    node = shutil.which("node")
    if node is None:
        raise missing_program("node", "Debian package nodejs")
    if not (FOLDER / "node_modules").is_dir():
        raise missing_program("OHIF's reader", "npm ci in tests/judges/ohif, done by make test")
    command = [node, str(FOLDER / "load_reports.js"), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    if done.returncode:
        pytest.fail(f"OHIF's reader ended with {done.returncode}: {done.stderr[-500:]}")
    return {Path(name): _loaded(raw) for name, raw in json.loads(done.stdout).items()}


def _loaded(raw: dict[str, Any]) -> LoadedReport:
    annotations = (
        Annotation(one["trackingUid"], one["image"], tuple((label["label"], label["value"]) for label in one["labels"]))
        for one in raw["annotations"]
    )
    return LoadedReport(
        is_measurement_report=raw.get("isMeasurementReport", False),
        is_loaded=raw.get("isLoaded", False),
        referenced_images=tuple(raw.get("referencedImages", ())),
        annotations=tuple(annotations),
        complaints=tuple(raw["complaints"]),
    )
