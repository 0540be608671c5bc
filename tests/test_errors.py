"""Every error has one stable code, and docs/errors.md explains exactly those."""

from __future__ import annotations

import re
from pathlib import Path

import core_lab.errors
import dicom_node.errors
import sr_templates.errors
from dicom_node.ledger.job_failures import CRASHED
from scoring.errors import RheumascoreError

DOCUMENT = Path(__file__).parents[1] / "docs" / "errors.md"


def all_errors(root: type[RheumascoreError] = RheumascoreError) -> list[type[RheumascoreError]]:
    assert core_lab.errors and dicom_node.errors and sr_templates.errors  # imported for their branches of the tree
    packages = ("scoring", "sr_templates", "dicom_node", "core_lab")
    ours = [c for c in root.__subclasses__() if c.__module__.startswith(packages)]
    return [root, *(error for child in ours for error in all_errors(child))]


def test_codes_are_unique() -> None:
    codes = [error.code for error in all_errors()] + [CRASHED]
    assert sorted(codes) == sorted(set(codes))


def test_the_document_explains_every_code_and_no_other() -> None:
    explained = re.findall(r"^\| (RS-\d{3}) \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert explained == sorted(explained)
    assert set(explained) == {error.code for error in all_errors()} | {CRASHED}
