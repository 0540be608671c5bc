"""How large each part of the node is over time: memory, threads, descriptors, ledger."""

from __future__ import annotations

import contextlib
import csv
import threading
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Final, Self

import psutil

from benchmarks.soak.kept_node import KeptNode

_EVERY_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Size:
    """One process at one moment."""

    at: float
    """Seconds on the monotonic clock."""
    part: str
    pid: int
    megabytes: float
    threads: int
    descriptors: int


@dataclass(frozen=True, slots=True)
class LedgerSize:
    """The database files at one moment, and the instances they tell of."""

    at: float
    megabytes: float
    instances: int


class SizeOverTime:
    """A thread that looks every few seconds between ``with`` and its end."""

    def __init__(self, node: KeptNode, count_instances: Callable[[], int]) -> None:
        self.sizes: list[Size] = []
        self.ledger: list[LedgerSize] = []
        self._node, self._count_instances = node, count_instances
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def write(self, path: Path) -> None:
        """Every look as a row of CSV."""
        with path.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow([field.name for field in fields(Size)])
            rows.writerows(astuple(size) for size in self.sizes)

    def _work(self) -> None:
        while not self._stopping.wait(_EVERY_SECONDS):
            now = time.monotonic()
            for part, processes in self._node.members().items():
                for process in processes:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        self.sizes.append(_size(now, part, process))
            files = self._node.folder.joinpath("data").glob("ledger.sqlite3*")
            with contextlib.suppress(FileNotFoundError):
                megabytes = sum(path.stat().st_size for path in files) / 1e6
                self.ledger.append(LedgerSize(now, megabytes, self._count_instances()))


def _size(now: float, part: str, process: psutil.Process) -> Size:
    with process.oneshot():
        megabytes = process.memory_info().rss / 1e6
        return Size(now, part, process.pid, megabytes, process.num_threads(), process.num_fds())
