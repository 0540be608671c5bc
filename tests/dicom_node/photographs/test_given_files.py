"""What a person may name in a call of ``wrap``: folders, hostile names, ids that DICOM cannot hold, full disks."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import dcmread
from typer.testing import CliRunner

from dicom_node.errors import WrapError
from dicom_node.photographs.given_files import given_pictures, writing_into
from dicom_node.photographs.wrapping import wrap_photos
from scoring.cli import build_app
from tests.dicom_node.photographs.phone_pictures import other_picture


def test_a_folder_stands_for_its_pictures_and_for_those_that_will_be_refused(tmp_path: Path) -> None:
    for name in ("b.JPG", "a.png", "c.heic", "pictures.csv", ".hidden"):
        (tmp_path / name).touch()
    (tmp_path / "d.jpg").mkdir()
    assert [path.name for path in given_pictures([tmp_path])] == ["a.png", "b.JPG", "c.heic"]
    with pytest.raises(WrapError, match=r"d\.jpg is a folder without pictures"):
        given_pictures([tmp_path / "d.jpg"])


def test_a_name_breaks_no_line_and_turns_no_text(tmp_path: Path) -> None:
    # given the same picture under names with a line break and with a right-to-left override
    photos = [other_picture(tmp_path / name, 1) for name in ("a\nb.jpg", "c\u202egpj.exe.jpg")]
    # when they are refused, and one of them is wrapped
    with pytest.raises(WrapError) as caught:
        list(wrap_photos(photos, "nailfold", "P1", tmp_path / "out"))
    [path] = wrap_photos(photos[:1], "nailfold", "P1", tmp_path / "out")
    # then neither the words nor the new file carry them
    assert str(caught.value).isprintable()
    assert path.name == "001_a_b.dcm"


def test_the_longest_name_of_a_file_is_cut(tmp_path: Path) -> None:
    [path] = wrap_photos([other_picture(tmp_path / f"{'a' * 251}.jpg", 1)], "nailfold", "P1", tmp_path / "out")
    assert path.exists()


@pytest.mark.parametrize(
    ("option", "value"),
    [("--patient-id", ""), ("--patient-id", "A\\B"), ("--patient-id", "x" * 65), ("--trial", "T/1/a\\b")],
)
def test_what_dicom_cannot_hold_is_refused_by_name(tmp_path: Path, option: str, value: str) -> None:
    words = {"--patient-id": "P", option: value, "--kind": "nailfold", "--out": str(tmp_path / "out")}
    photo = other_picture(tmp_path / "a.jpg", 1)
    done = CliRunner().invoke(build_app(), ["wrap", str(photo), *(word for pair in words.items() for word in pair)])
    assert done.exit_code != 0
    assert option.removeprefix("--") in done.output + str(done.exception)
    assert not (tmp_path / "out").exists()


def test_words_of_any_script_stay_as_they_are(tmp_path: Path) -> None:
    [path] = wrap_photos([other_picture(tmp_path / "a.jpg", 1)], "nailfold", "Ünï 患者", tmp_path / "out")
    assert dcmread(path).PatientID == "Ünï 患者"


def test_a_full_disk_or_a_file_in_the_way_is_said_of_the_folder(tmp_path: Path) -> None:
    full = Path("/dev/full")
    with pytest.raises(WrapError, match=r"full cannot be written to: no space left"), writing_into(full):
        full.write_bytes(b"x")
    photo = other_picture(tmp_path / "a.jpg", 1)
    with pytest.raises(WrapError, match=r"a\.jpg cannot be written to: file exists"), writing_into(photo):
        list(wrap_photos([photo], "nailfold", "P1", photo))
