"""P2: an instance that was answered 0x0000 is on disk when the answer leaves, so a power cut does not take it.

Every system call of ``rheumascore listen`` is looked at. The same judgement finds each step that is left out.
"""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

import pytest

from tests.dicom_node.receiving.instances import CR, encoded, radiograph
from tests.dicom_node.receiving.listener_process import ListenerProcess
from tests.dicom_node.receiving.raw_sender import AC, RawSender
from tests.durability.system_calls import read_calls, strace_command
from tests.durability.what_was_synced import AnsweredStore, judge_answers
from tests.foreign_programs.programs import wait_until

_MAIN = "from scoring.cli import main; main()"
_CARELESS = {
    "no file and no folder is synced": "import os; os.fsync = lambda fd: None",
    "only folders are synced": """
import os, stat
_sync = os.fsync
os.fsync = lambda fd: _sync(fd) if stat.S_ISDIR(os.fstat(fd).st_mode) else None
""",
    "the ledger is synced now and then, as SQLite does with synchronous=NORMAL": """
import functools, sqlite3
class Cursor(sqlite3.Cursor):
    def execute(self, sql, *values):
        return super().execute(sql.replace("synchronous=FULL", "synchronous=NORMAL"), *values)
class Connection(sqlite3.Connection):
    def cursor(self, *_):
        return super().cursor(Cursor)
sqlite3.dbapi2.connect = functools.partial(sqlite3.dbapi2.connect, factory=Connection)
""",
}
_FOUND = {
    "no file and no folder is synced": {
        "the file was not synced before it got its name",
        "the folder was not synced after the file got its name",
    },
    "only folders are synced": {"the file was not synced before it got its name"},
    "the ledger is synced now and then, as SQLite does with synchronous=NORMAL": {
        "the ledger's log was not synced after its row was committed"
    },
}


def stored_under_trace(folder: Path, senders: int, stores: int, careless: str = "") -> list[AnsweredStore]:
    """A new node takes so many instances from each of several associations at once; how each answer is judged."""
    trace = folder / "trace"
    node = ListenerProcess(folder, program=f"{careless}\n{_MAIN}", under=strace_command(trace))
    try:
        node.start()
        threads = [threading.Thread(target=_store, args=(node, stores)) for _ in range(senders)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert node.stop() == 0
        wait_until("strace has written all of it", lambda: "+++ exited" in trace.read_text(encoding="latin-1")[-400:])
    finally:
        node.kill()
    return judge_answers(read_calls(trace), node.data_dir)


def _store(node: ListenerProcess, number: int) -> None:
    with RawSender(node.port, seconds=120) as sender:
        assert sender.associate().kind == AC
        for _ in range(number):
            ds = radiograph()
            assert sender.store(CR, ds.SOPInstanceUID, encoded(ds)).status == 0x0000
        sender.release()


def test_p02_nothing_is_unsynced_when_success_is_answered(tmp_path: Path) -> None:
    """Given 100 instances of four associations; when each answer leaves; then file, folder and row are on disk."""
    judged = stored_under_trace(tmp_path, senders=4, stores=25)
    assert len({answer.sop_instance_uid for answer in judged}) == 100
    assert [answer for answer in judged if answer.faults] == []


@pytest.mark.parametrize("omission", _CARELESS)
def test_p02_a_step_that_is_left_out_is_found(tmp_path: Path, omission: str) -> None:
    """The negative control: without it the test above would prove nothing."""
    judged = stored_under_trace(tmp_path, senders=1, stores=5, careless=_CARELESS[omission])
    faults = Counter(fault for answer in judged for fault in answer.faults)
    assert _FOUND[omission] <= {fault for fault, times in faults.items() if times >= 4}, faults
