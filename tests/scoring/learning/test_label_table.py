"""The long table of readings: what a spreadsheet writes is read, all faults are named at once, and it comes back."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.errors import LabelError
from scoring.learning.label import LABEL_SITES, ORDER_MODES, Label, highest_value
from scoring.learning.label_cells import STATUSES
from scoring.learning.label_table import labels_sha256, read_label_table, write_label_table
from scoring.learning.read_hands import hands_of

COLUMNS = "subject,visit,image,side,site,item,value,status,reader,reading,date,order_mode"


def _table(folder: Path, *rows: str, header: str = COLUMNS, encoding: str = "utf-8") -> Path:
    path = folder / "readings.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding=encoding)
    return path


@st.composite
def _readings(draw: st.DrawFn) -> list[Label]:
    text = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=8)
    labels = []
    for number in range(draw(st.integers(1, 6))):
        item, status = draw(st.sampled_from(sorted(LABEL_SITES))), draw(st.sampled_from(STATUSES))
        value = draw(st.floats(0, highest_value(item))) if status == "scored" else None
        placed = draw(st.booleans())
        labels.append(
            Label(
                subject=f"{draw(text)}{number}",
                visit=draw(text),
                image=f'film {number}, first; "it".png',
                side=draw(st.sampled_from(("L", "R"))),
                site=draw(st.sampled_from(LABEL_SITES[item])),
                item=item,
                value=value,
                status=status,
                reader=draw(text),
                reading=draw(st.integers(1, 9999)),
                date=draw(st.none() | st.dates()),
                order_mode=draw(st.sampled_from(ORDER_MODES)),
                centre=draw(text),
                x=draw(st.floats(-1e5, 1e5)) if placed else None,
                y=draw(st.floats(-1e5, 1e5)) if placed else None,
            )
        )
    return labels


@settings(deadline=None, max_examples=60)
@given(_readings())
def test_what_is_written_is_read_back_equal(tmp_path_factory: pytest.TempPathFactory, labels: list[Label]) -> None:
    path = tmp_path_factory.mktemp("written") / "out.csv"
    write_label_table(path, labels)
    assert list(read_label_table(path)) == labels
    assert labels_sha256(labels) == labels_sha256(labels[::-1])
    assert [file.name for file in path.parent.iterdir()] == ["out.csv"]


def test_a_spreadsheet_of_a_country_with_decimal_commas(tmp_path: Path) -> None:
    path = _table(
        tmp_path,
        "film;L;MCP2;erosion;2,5;AB;20240531;paired",
        "film;L;MCP3;erosion;NE;AB;;",
        header="Image;Side;Site;Item;Value;Reader;Date;Order mode",
        encoding="utf-8-sig",
    )
    scored, gap = read_label_table(path, readers={"AB"})
    assert (scored.value, scored.date, scored.order_mode) == (2.5, datetime.date(2024, 5, 31), "paired")
    assert (gap.value, gap.status, gap.subject) == (None, "not_assessable", "film")


@pytest.mark.parametrize(("cell", "value"), [('"2,5"', 2.5), ("2.5", 2.5), ("+2", 2.0)])
def test_a_quoted_decimal_comma_is_a_number(tmp_path: Path, cell: str, value: float) -> None:
    (label,) = read_label_table(_table(tmp_path, f"s,1,a,L,MCP2,erosion,{cell}"))
    assert label.value == value


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('s,1,a,L,MCP2,erosion,"1,234"', "row 2, value: found '1,234', wanted a number with a decimal point"),
        ("s,1,a,L,MCP2,erosion,1,scored,AB,1,,,5", "row 2, order_mode: more cells than the header"),
        ("s,1,a,L,MCP2,erosion,1,lost", "row 2, status: found 'lost', wanted one of scored"),
        ("s,1,a,L,MCP2,erosion,1,not_imaged", "row 2, value: found '1', wanted no value beside"),
        ("s,1,a,L,MCP2,erosion,1,,XY", "row 2, reader: found 'XY', wanted one of AB, CD"),
        ("s,1,a,L,MCP2,erosion,1,,AB,0", "row 2, reading: found '0'"),
        ("s,1,a,L,MCP2,erosion,1,,AB,1,31.05.2024", "row 2, date: found '31.05.2024'"),
        ("s,1,a,L,MCP2,erosion,1,,AB,1,,random", "row 2, order_mode: found 'random', wanted one of chronological"),
        ("s,1,a,L,HAND,total,141,,AB", "row 2, value: found '141', wanted a number from 0 to 140"),
    ],
)
def test_a_wrong_cell_is_named(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(LabelError) as caught:
        read_label_table(_table(tmp_path, row), readers=("CD", "AB"))
    assert said in str(caught.value)


def test_all_faults_are_named_at_once_up_to_twenty(tmp_path: Path) -> None:
    with pytest.raises(LabelError) as caught:
        read_label_table(_table(tmp_path, *[f"s,1,a{n},X,MCP2,erosion,9" for n in range(15)]))
    lines = str(caught.value).splitlines()
    assert len(lines) == 21
    assert "row 2, side" in lines[0] and "row 2, value" in lines[1]
    assert lines[-1] == "... and 10 more."


def test_rows_that_contradict_each_other_are_named(tmp_path: Path) -> None:
    one = "s,1,a,L,MCP2,erosion,1,,AB"
    for second, said in (
        (one, "row 3, item: row 2 has it too"),
        ("s,1,b,L,MCP2,erosion,1,,AB", "row 3, image: row 2 names another image for the same label"),
        ("t,1,a,L,MCP3,erosion,1,,AB", "row 3, subject: row 2 gives this image to another subject"),
    ):
        with pytest.raises(LabelError) as caught:
            read_label_table(_table(tmp_path, one, second))
        assert said in str(caught.value)


def test_a_reader_who_read_twice_has_one_vote_and_gaps_have_none(tmp_path: Path) -> None:
    start = "s,1,a,L,MCP2,erosion"
    rows = (f"{start},1,,AB,1", f"{start},3,,AB,2", f"{start},5,,CD,1", f"{start},NE,,EF,1")
    (hand,) = hands_of(read_label_table(_table(tmp_path, *rows, "s,1,a,L,HAND,total,40,,AB")))
    assert hand.grades == {("MCP2", "erosion"): 3.5}
    assert (hand.total, hand.visit) == (40, "1")


def test_a_column_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="'value' twice"):
        read_label_table(_table(tmp_path, "a,L,MCP2,erosion,1,2", header="image,side,site,item,value,value"))
