"""``scores.csv`` of numbered pictures: which picture, in which unit, by which rule."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

from dicom_node.score_table import score_table
from tests.sr_templates import nailfold_results as nailfolds


def test_a_row_says_picture_unit_and_rule() -> None:
    """Given two fingers, and the same of a system that is not installed; then only its units are missing."""
    result = nailfolds.two_fingers().result
    rows = list(csv.DictReader(io.StringIO(score_table([result]))))
    assert len(rows) == len(result.items) + len(result.totals)
    ring = next(r for r in rows if (r["site"], r["picture"], r["item"]) == ("RING", "1", "widest_apex"))
    assert (ring["side"], ring["unit"], ring["lower"]) == ("R", "um", "12.0")
    assert next(r["unit"] for r in rows if r["item"] == "giant") == "1"
    verdict = next(r for r in rows if r["item"] == "fast_track")
    assert (verdict["grade"], verdict["rule"]) == ("2", "NF-FT-GIANT")
    gone = list(csv.DictReader(io.StringIO(score_table([replace(result, system="gone")]))))
    assert {row["unit"] for row in gone} == {""}
    assert [row | {"unit": "", "system": ""} for row in rows] == [row | {"system": ""} for row in gone]
