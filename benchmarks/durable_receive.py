"""What it costs that an instance is on disk before its sender is told so, and what senders that overlap share.

    python -m benchmarks.durable_receive [--instances 200] [--senders 1 4 16] [--kilobytes 500]

The same instances go, over as many associations at once, to ``rheumascore listen``; to the same listener where each
instance has a transaction of its own; to one that syncs nothing (no fsync, ``synchronous=OFF``): the difference is
the price of durability; and to Orthanc and DCMTK's storescp, which have less on disk when they answer.
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from time import monotonic

from tests.dicom_node.receiving.instances import CR, encoded, radiograph
from tests.dicom_node.receiving.listener_process import ListenerProcess
from tests.dicom_node.receiving.raw_sender import AC, RawSender
from tests.foreign_programs.orthanc import Orthanc
from tests.foreign_programs.storescp import StoreScp

_MAIN = "from scoring.cli import main; main()"
_ALONE = """
from dicom_node.ledger.group_commit import GroupCommit
def write(self, do):
    with self._ledger.write() as session:
        return do(session)
GroupCommit.write = write
"""
_UNSYNCED = """
import functools, os, sqlite3
os.fsync = lambda fd: None
class Cursor(sqlite3.Cursor):
    def execute(self, sql, *values):
        return super().execute(sql.replace("synchronous=FULL", "synchronous=OFF"), *values)
class Connection(sqlite3.Connection):
    def cursor(self, *_):
        return super().cursor(Cursor)
sqlite3.dbapi2.connect = functools.partial(sqlite3.dbapi2.connect, factory=Connection)
"""
_OURS = {"ours": "", "ours, each commit alone": _ALONE, "ours, nothing synced": _UNSYNCED}


def main() -> None:
    """Measure each receiver with each number of senders, in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--instances", type=int, default=200, help="in all, whatever the number of senders")
    parser.add_argument("--senders", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--kilobytes", type=int, default=500)
    asked = parser.parse_args()
    pixels = os.urandom(asked.kilobytes * 1000)
    print(
        f"{asked.instances} instances of {asked.kilobytes} kB; milliseconds a store: median, 95 %; instances a second"
    )
    for senders in asked.senders:
        for name in (*_OURS, "Orthanc", "storescp --fork"):
            with tempfile.TemporaryDirectory() as folder, receiver(name, Path(folder)) as (port, called):
                Senders(port, called, pixels, senders, senders * 3).run()  # what is made at the first time
                measured = Senders(port, called, pixels, senders, asked.instances)
                seconds = measured.run()
            times = measured.milliseconds
            print(
                f"{senders:3} senders  {name:24} {median(times):7.1f} {quantiles(times, n=20)[-1]:7.1f} "
                f"{len(times) / seconds:8.0f}",
                flush=True,
            )
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}")


@contextmanager
def receiver(name: str, folder: Path) -> Iterator[tuple[int, str]]:
    """Start one of them: its port and AE title."""
    if name in _OURS:
        node = ListenerProcess(folder, program=f"{_OURS[name]}\n{_MAIN}")
        node.start()
        try:
            yield node.port, "RHEUMASCORE"
        finally:
            node.kill()
    elif name == "Orthanc":
        with Orthanc(folder / "orthanc") as orthanc:
            yield orthanc.dicom_port, "ORTHANC"
    else:
        with StoreScp(folder / "storescp", CR, options=("--fork",)) as storescp:
            yield storescp.port, "ARCHIVE"


class Senders:
    """Associations that store at once, one instance after the other in each."""

    def __init__(self, port: int, called: str, pixels: bytes, senders: int, instances: int) -> None:
        self._port, self._called, self._pixels = port, called, pixels
        self._each, self._number = max(1, instances // senders), senders
        self._ready = threading.Barrier(senders + 1)
        self.milliseconds: list[float] = []

    def run(self) -> float:
        """Seconds from the first store to the last answer."""
        callers = itertools.cycle(("SENDER", "HONEST"))  # each may hold eight associations
        threads = [threading.Thread(target=self._send, args=(next(callers),)) for _ in range(self._number)]
        for thread in threads:
            thread.start()
        self._ready.wait()
        began = monotonic()
        for thread in threads:
            thread.join()
        return monotonic() - began

    def _send(self, calling: str) -> None:
        size = {"Rows": 500, "Columns": len(self._pixels) // 1000, "PixelData": self._pixels}
        data_sets = [(ds.SOPInstanceUID, encoded(ds)) for ds in (radiograph(**size) for _ in range(self._each))]
        with RawSender(self._port, seconds=120) as sender:
            assert sender.associate(calling=calling, called=self._called).kind == AC
            self._ready.wait()
            for uid, data_set in data_sets:
                began = monotonic()
                assert sender.store(CR, uid, data_set).status == 0x0000
                self.milliseconds.append(1000 * (monotonic() - began))
            sender.release()


if __name__ == "__main__":
    main()
