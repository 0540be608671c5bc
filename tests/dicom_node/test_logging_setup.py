"""However an error comes to the log, its kind and its lines are written and none of its words (P18)."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

MARK = "Müller^Änne 1937"
SETTING = f"""
import asyncio, logging, sys, threading, warnings
import structlog
from dicom_node.logging_setup import start_logging
start_logging()
log = logging.getLogger("kombu")

def broken():
    patient = {MARK!r}
    try:
        int(patient)
    except ValueError as error:
        raise RuntimeError("cannot read " + patient) from error

class Reader:
    def __del__(self):
        broken()
"""


def lines_of(program: str) -> tuple[int, list[dict[str, Any]]]:
    """Exit status and log of a process that logs as ours do. Fails when a word of the error stands in it."""
    done = subprocess.run([sys.executable, "-c", SETTING + program], capture_output=True, timeout=60, check=False)
    said = (done.stdout + done.stderr).decode()
    for word in ("Müller", "M\\u00fcller", "Änne", "1937", "cannot read"):
        assert word not in said, said
    return done.returncode, [json.loads(line) for line in said.splitlines()]


IN_A_BLOCK = """
try:
    broken()
except Exception as error:
    {call}
"""


@pytest.mark.parametrize(
    "call",
    [
        "log.exception('It broke.')",
        "log.error('It broke.', exc_info=error)",
        "structlog.get_logger('x').exception('It broke.')",
        "structlog.get_logger('x').error('It broke.', exc_info=error)",
        "asyncio.new_event_loop().call_exception_handler({'message': 'It broke.', 'exception': error})",
    ],
)
def test_a_logged_error_is_its_kind_and_its_lines(call: str) -> None:
    _, [line] = lines_of(IN_A_BLOCK.format(call=call))
    assert "broke" in line["event"]
    outer, inner = line["broke"]
    assert outer.startswith("RuntimeError: <string>:") and outer.split(" < ")[0].endswith(" broken")
    assert inner.startswith("ValueError: ")
    assert "exception" not in line and "exc_info" not in line


@pytest.mark.parametrize("call", ["log.error('It broke: %s', error)", "log.error(error)", "log.error('%r', error)"])
def test_an_error_inside_a_message_is_named_by_its_kind(call: str) -> None:
    _, [line] = lines_of(IN_A_BLOCK.format(call=call))
    assert "RuntimeError" in line["event"]


def test_an_error_of_ours_may_speak() -> None:
    program = "from scoring.errors import WeightsError\nlog.error('%s', WeightsError('The file x was changed.'))"
    _, [line] = lines_of(program)
    assert line["event"] == "The file x was changed."


@pytest.mark.parametrize(
    ("program", "status"),
    [
        ("broken()", 1),
        ("thread = threading.Thread(target=broken); thread.start(); thread.join()", 0),
        ("reader = Reader(); del reader", 0),
    ],
)
def test_an_error_that_nobody_catches_is_a_line_too(program: str, status: int) -> None:
    ended, [line] = lines_of(program)
    assert ended == status
    assert line["broke"][0].startswith("RuntimeError: ")


def test_warnings_that_quote_values_go_nowhere() -> None:
    assert lines_of(f"warnings.warn('Invalid value: ' + {MARK!r})") == (0, [])
