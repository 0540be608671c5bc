"""The system calls of a running program, as strace wrote them down: each with when it began and when it had ended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from tests.foreign_programs.programs import find_program

TRACED: Final = (
    "openat,creat,mkdir,mkdirat,write,writev,pwrite64,pwritev,fsync,fdatasync,sync_file_range,"
    "rename,renameat,renameat2,link,linkat,unlink,unlinkat,ftruncate,fallocate,sendto,sendmsg"
)
_LINE: Final = re.compile(r"(?P<thread>\d+) +(?P<text>.*)")
_CALL: Final = re.compile(r"(?P<name>\w+)\((?P<arguments>.*)\) += (?P<result>-?\d+|\?)(?P<rest>.*)")
_RESUMED: Final = re.compile(r"<\.\.\. \w+ resumed>(?P<text>.*)")
_UNFINISHED: Final = " <unfinished ...>"
_STRING: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_OPEN_FILE: Final = re.compile(r"^\d+<((?:[^>\\]|\\.)*)>")


@dataclass(frozen=True)
class SystemCall:
    """One call that succeeded. ``began`` and ``ended`` are places in the order of all events of the trace."""

    name: str
    arguments: str
    began: int
    ended: int
    opened: str = ""
    """What a call that opens a file returned."""

    @cached_property
    def path(self) -> Path:
        """Of the open file that it works on."""
        found = _OPEN_FILE.match(self.arguments)
        return Path(_decoded(found[1]).decode()) if found else Path()

    @cached_property
    def strings(self) -> list[bytes]:
        """Its arguments in quotation marks: paths, or the bytes that it wrote."""
        return [_decoded(text) for text in _STRING.findall(self.arguments)]


def strace_command(trace: Path, string_bytes: int = 4200) -> list[str]:
    """What to put before a command so that its calls are written to ``trace``; its process id stays its own.

    ``string_bytes``: of each buffer, a whole page of SQLite by default.
    """
    program = find_program("strace", "strace")
    return [
        program, "-D", "-f", "--seccomp-bpf", "-y", "-x", "-q", "-s", str(string_bytes), "-e", f"trace={TRACED}",
        "-o", str(trace), "--",
    ]  # fmt: skip


def read_calls(trace: Path) -> list[SystemCall]:
    """Every call that succeeded, in the order in which they ended."""
    return list(_calls(trace.read_text(encoding="latin-1").splitlines()))


def _calls(lines: list[str]) -> Iterator[SystemCall]:
    pending: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(lines):
        if not (found := _LINE.match(line)):
            continue
        thread, text, began = found["thread"], found["text"], number
        if text.endswith(_UNFINISHED):
            pending[thread] = (number, text.removesuffix(_UNFINISHED))
            continue
        if (resumed := _RESUMED.match(text)) and thread in pending:
            began, start = pending.pop(thread)
            text = start + resumed["text"]
        if (call := _CALL.match(text)) and call["result"] not in ("-1", "?"):
            result = _OPEN_FILE.match(call["result"] + call["rest"])
            yield SystemCall(
                call["name"], call["arguments"], began, number, _decoded(result[1]).decode() if result else ""
            )


def _decoded(text: str) -> bytes:
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")
