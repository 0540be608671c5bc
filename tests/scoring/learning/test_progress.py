"""How far a training is can be read where no bar can be drawn: in the log of nohup, of a queue, of a build."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

from scoring.learning.progress import PlainLines

_PROGRAM: Final = """
from scoring.learning.progress import progress_on_stderr
with progress_on_stderr() as progress:
    for done in range(1, 301):
        progress("films read", done, 300)
"""


def test_a_line_comes_each_half_minute_and_when_a_kind_of_work_is_done() -> None:
    # given a second between one film and the next
    said: list[str] = []
    now = 0.0
    lines = PlainLines(said.append, lambda: now)
    # when
    for done in range(1, 101):
        now += 1
        lines("films read", done, 100)
    # then
    assert said == [f"films read: {done} of 100" for done in (30, 60, 90, 100)]


def test_work_of_another_kind_does_not_begin_the_half_minute_anew() -> None:
    said: list[str] = []
    now = 0.0
    lines = PlainLines(said.append, lambda: now)
    for what, at in (("fold 1", 20.0), ("fold 2", 40.0)):
        now = at
        lines(what, 1, 9)
    assert said == ["fold 2: 1 of 9"]


def test_a_log_holds_plain_lines() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, timeout=100, check=True)
    assert done.stderr.splitlines()[-1] == "films read: 300 of 300", "nothing redraws it"
    assert done.stdout == ""
