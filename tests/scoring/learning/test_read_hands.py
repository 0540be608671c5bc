"""A table of readings: hands as they were read, and faults named by row and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from scoring.errors import LabelError
from scoring.learning.label_table import read_label_table
from scoring.learning.read_hands import hands_of
from scoring.phantoms.hand import draw_hand
from scoring.phantoms.truth import truth_rows, write_truth
from scoring.score_rules.sharp_van_der_heijde import SITES

HEADER = "image,side,site,item,value,status,x,y\n"


def _table(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "labels.csv"
    path.write_text(header + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def test_the_truth_of_a_phantom_is_read_back(tmp_path: Path) -> None:
    phantom = draw_hand(3, spacing_mm=0.6)
    write_truth(tmp_path / "truth.csv", truth_rows(phantom, "S1", "V1", "hand.png"))
    (hand,) = hands_of(read_label_table(tmp_path / "truth.csv"))
    assert (hand.subject, hand.image, hand.side) == ("S1", "hand.png", phantom.side)
    assert hand.grades == {key: grade for key, grade in phantom.grades.items() if key[0] in phantom.visible}
    assert set(hand.centres) == set(SITES)


def test_means_of_readers_and_unscored_sites(tmp_path: Path) -> None:
    path = _table(
        tmp_path, "a,L,MCP2,erosion,2.5,scored,,", "a,L,MCP3,erosion,,not_assessable,,", "a,R,RC,narrowing,1,,,"
    )
    left, right = hands_of(read_label_table(path))
    assert left.grades == {("MCP2", "erosion"): 2.5}
    assert right.grades == {("RC", "narrowing"): 1.0}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a,X,MCP2,erosion,1,,,", "row 2, side: found 'X', wanted one of R, L"),
        ("a,L,MCP2,osteophyte,1,,,", "row 2, item"),
        ("a,L,IP1,narrowing,1,,,", "row 2, site: found 'IP1'"),
        ("a,L,MCP2,erosion,6,,,", "row 2, value: found '6', wanted a number from 0 to 5"),
        ("a,L,MCP2,erosion,nan,,,", "row 2, value"),
        ("a,L,MCP2,erosion,,,,", "row 2, value: found '', wanted a number"),
        (",L,MCP2,erosion,1,,,", "row 2, image"),
        ("a,L,MCP2,erosion,1,,here,3", "row 2, x"),
    ],
)
def test_a_wrong_cell_is_named(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(LabelError, match=said):
        hands_of(read_label_table(_table(tmp_path, row)))


def test_a_grade_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="row 3, item"):
        hands_of(read_label_table(_table(tmp_path, "a,L,MCP2,erosion,1,,,", "a,L,MCP2,erosion,2,,,")))


def test_a_missing_column_an_empty_table_and_a_missing_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="no column 'value'"):
        hands_of(read_label_table(_table(tmp_path, "a,L,MCP2,erosion", header="image,side,site,item\n")))
    with pytest.raises(LabelError, match="no rows"):
        hands_of(read_label_table(_table(tmp_path)))
    with pytest.raises(LabelError, match="cannot be read"):
        hands_of(read_label_table(tmp_path / "absent.csv"))
