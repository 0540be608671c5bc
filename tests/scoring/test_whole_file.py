"""What a command writes is there whole or not at all, and what cannot be written is a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from scoring.errors import NotWrittenError
from scoring.whole_file import make_folder, write_whole_text


def test_a_folder_where_a_file_lies_is_named(tmp_path: Path) -> None:
    (tmp_path / "report").write_text("a letter", encoding="utf-8")
    with pytest.raises(NotWrittenError, match=r"report could not be written .*name a folder that you may write"):
        make_folder(tmp_path / "report")
    make_folder(tmp_path / "new" / "report")
    assert (tmp_path / "new" / "report").is_dir()


def test_what_could_not_take_its_name_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "figures.toml").mkdir()
    with pytest.raises(NotWrittenError, match=r"figures\.toml could not be written"):
        write_whole_text(tmp_path / "figures.toml", "r = 1\n")
    assert [path.name for path in tmp_path.iterdir()] == ["figures.toml"]
