"""What of an instance was on disk when its C-STORE was answered with success, judged by the system calls.

A power cut takes what was written and not synced. So for every answer 0x0000 it must be seen in the trace, before its
bytes leave: the file was synced after its last write and before it got its name; its folder was synced after that; the
ledger's transaction that holds it is in the write-ahead log, whole, and the log was synced after it; and no folder or
log that all this lies in was made without its own folder being synced.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.dicom_node.receiving.raw_sender import P_DATA, Answer
from tests.durability.system_calls import SystemCall

_C_STORE_RSP: Final = 0x8001
_WRITES: Final = ("write", "writev", "pwrite64", "pwritev", "ftruncate", "fallocate")
_SYNCS: Final = ("fsync", "fdatasync")
_RENAMES: Final = ("rename", "renameat", "renameat2", "link", "linkat")
_FRAME_HEADER: Final = 24
_LOG: Final = "ledger.sqlite3-wal"


@dataclass
class AnsweredStore:
    """One 0x0000, and what was not on disk when it left."""

    sop_instance_uid: str
    faults: list[str] = field(default_factory=list)


def judge_answers(calls: list[SystemCall], data_dir: Path) -> list[AnsweredStore]:
    """Every C-STORE that was answered with success, in order."""
    judge = _Judge(calls, data_dir)
    return [judge.judged(uid, at) for call in calls for uid, at in _successes(call)]


class _Judge:
    def __init__(self, calls: list[SystemCall], data_dir: Path) -> None:
        self._data_dir = data_dir
        self._writes = [c for c in calls if c.name in _WRITES and c.path.is_relative_to(data_dir)]
        self._syncs = [c for c in calls if c.name in _SYNCS]
        self._renames = [c for c in calls if c.name in _RENAMES]
        self._made = list(_made(calls, data_dir))

    def judged(self, uid: str, answered: int) -> AnsweredStore:
        before = [c for c in self._writes if c.ended < answered]
        faults = [*self._file_faults(uid, before, answered), *self._ledger_faults(uid, before, answered)]
        return AnsweredStore(uid, [*faults, *self._folder_faults(answered)])

    def _file_faults(self, uid: str, writes: list[SystemCall], answered: int) -> Iterator[str]:
        holding = {c.path for c in writes if c.path.suffix == ".part" and _holds(c, uid)}
        named = [r for r in self._renames if r.ended < answered and Path(r.strings[0].decode()) in holding]
        if not named:
            yield "no file with its bytes has got its name"
            return
        rename = named[-1]
        part, final = (Path(string.decode()) for string in rename.strings[:2])
        last = max(c.ended for c in writes if c.path == part)
        if not self._synced(part, last, rename.began):
            yield "the file was not synced before it got its name"
        if not self._synced(final.parent, rename.ended, answered):
            yield "the folder was not synced after the file got its name"

    def _ledger_faults(self, uid: str, writes: list[SystemCall], answered: int) -> Iterator[str]:
        log = [c for c in writes if c.path == self._data_dir / _LOG]
        rows = [c.ended for c in log if _holds(c, uid)]
        ends = [at for at in _ends_of_transactions(log) if rows and at >= rows[0]]
        if not ends:
            yield "no transaction with its row is in the ledger's log"
        elif not self._synced(self._data_dir / _LOG, ends[0], answered):
            yield "the ledger's log was not synced after its row was committed"

    def _folder_faults(self, answered: int) -> Iterator[str]:
        for path, at in self._made:
            if at < answered and not self._synced(path.parent, at, answered):
                yield f"{path.parent.name} was not synced after {path.name} was made in it"

    def _synced(self, path: Path, after: int, before: int) -> bool:
        return any(s.path == path and s.began > after and s.ended < before for s in self._syncs)


def _successes(call: SystemCall) -> Iterator[tuple[str, int]]:
    if call.name not in ("sendto", "sendmsg", "write") or not call.strings:
        return
    sent = call.strings[0]
    while len(sent) > 6:
        length = int.from_bytes(sent[2:6], "big")
        answer, sent = Answer(sent[0], sent[6 : 6 + length]), sent[6 + length :]
        if answer.kind != P_DATA or len(answer.body) < length:
            return
        elements = answer.elements
        if int.from_bytes(elements.get(0x0100, b""), "little") == _C_STORE_RSP and answer.status == 0x0000:
            yield elements[0x1000].rstrip(b"\0").decode(), call.began


def _ends_of_transactions(log: list[SystemCall]) -> Iterator[int]:
    """Where the last page of each was written: its frame gives the size of the database (SQLite's file format, 4.1)."""
    closing = False
    for call in log:
        written = call.strings[0] if call.strings else b""
        if len(written) == _FRAME_HEADER:
            closing = any(written[4:8])
        elif closing:
            closing = False
            yield call.ended


def _made(calls: list[SystemCall], data_dir: Path) -> Iterator[tuple[Path, int]]:
    """Folders that files are kept in, and the ledger's log, which SQLite opens as if it were to be made each time."""
    there = False
    for call in calls:
        if call.name in ("mkdir", "mkdirat"):
            path = Path(call.strings[0].decode())
            if path.is_relative_to(data_dir) and path.name != "incoming":
                yield path, call.ended
        elif call.name == "openat" and Path(call.opened) == data_dir / _LOG and not there:
            there = True
            yield data_dir / _LOG, call.ended
        elif call.name in ("unlink", "unlinkat") and call.strings[0].decode() == str(data_dir / _LOG):
            there = False


def _holds(call: SystemCall, uid: str) -> bool:
    return any(uid.encode() in string for string in call.strings)
