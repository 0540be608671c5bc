"""A crash point kills its process once, where a test armed it, and is nothing otherwise."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from dicom_node.crash_points import MEANING, VARIABLE, CrashPoint, crash_at
from tests.foreign_programs.programs import wait_until

NODE = Path(__file__).parents[2] / "dicom_node"
PASSES_TWICE = """
from dicom_node.crash_points import crash_at
crash_at("lease_taken")
print("one", flush=True)
crash_at("study_scored_not_kept")
crash_at("lease_taken")
print("two", flush=True)
"""


def passing(folder: Path) -> subprocess.Popen[str]:
    environment = os.environ | {VARIABLE: str(folder)}
    return subprocess.Popen([sys.executable, "-c", PASSES_TWICE], env=environment, stdout=subprocess.PIPE, text=True)


def test_an_armed_point_kills_once(tmp_path: Path) -> None:
    (tmp_path / "study_scored_not_kept").touch()
    with passing(tmp_path) as first, passing(tmp_path) as second:
        outputs = sorted([first.communicate()[0], second.communicate()[0]])
        assert sorted([first.returncode, second.returncode]) == [-signal.SIGKILL, 0]
    assert outputs == ["one\n", "one\ntwo\n"]
    dead = first if first.returncode else second
    assert [path.name for path in tmp_path.iterdir()] == [f"study_scored_not_kept.{dead.pid}"]


def test_a_point_that_is_not_armed_is_passed(tmp_path: Path) -> None:
    (tmp_path / "death_seen").touch()
    with passing(tmp_path) as process:
        assert process.communicate()[0] == "one\ntwo\n"
    assert [path.name for path in tmp_path.iterdir()] == ["death_seen"]


def test_a_point_may_hold_the_process_instead(tmp_path: Path) -> None:
    (tmp_path / "lease_taken").write_text("SIGSTOP")
    with passing(tmp_path) as process:
        wait_until("the process is held", lambda: _state(process.pid) == "T")
        assert (tmp_path / f"lease_taken.{process.pid}").exists()
        process.send_signal(signal.SIGCONT)
        assert process.communicate()[0] == "one\ntwo\n"


def test_without_the_variable_nothing_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is read from the environment when the process starts: nothing at run time can arm a point."""
    assert VARIABLE not in os.environ
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    (tmp_path / "lease_taken").touch()
    crash_at("lease_taken")
    assert (tmp_path / "lease_taken").exists()


@pytest.mark.parametrize("point", get_args(CrashPoint))
def test_each_point_has_a_meaning_one_place_in_the_code_and_a_row_in_the_matrix(point: CrashPoint) -> None:
    assert MEANING[point]
    assert f'"{point}"' in (Path(__file__).parents[1] / "journey" / "kills.py").read_text(encoding="utf-8")
    places = [path for path in NODE.rglob("*.py") if f'crash_at("{point}")' in path.read_text(encoding="utf-8")]
    assert len(places) == 1


def test_settings_cannot_reach_them() -> None:
    for path in (NODE / "settings.py", NODE / "node.example.toml"):
        assert not re.search("crash.?point", path.read_text(encoding="utf-8"), re.IGNORECASE)


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
