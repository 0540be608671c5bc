"""How large each part of the node is over time, and whether it stays so: memory, threads, descriptors, ledger."""

from __future__ import annotations

import contextlib
import csv
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from statistics import median
from typing import Final, Self

import psutil

from benchmarks.soak.honest_senders import Served
from benchmarks.soak.kept_node import KeptNode

_EVERY_SECONDS: Final = 3.0
_HOUR: Final = 3600.0
_SAMPLES_TO_JUDGE: Final = 40
_MAY_GROW: Final = {"megabytes": 5.0, "threads": 1.0, "descriptors": 8.0}
"""From the second quarter of a process's life to its last: what an allocator and a pool of connections keep."""


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

    def last_lives(self) -> Iterator[tuple[str, list[Size]]]:
        """Each part's last process that lived long enough to be judged."""
        for part in sorted({size.part for size in self.sizes}):
            lives: dict[int, list[Size]] = {}
            for size in self.sizes:
                if size.part == part:
                    lives.setdefault(size.pid, []).append(size)
            long = [life for life in lives.values() if len(life) >= _SAMPLES_TO_JUDGE]
            yield from ((part, life) for life in long[-2 if part == "decoding child" else -1 :])

    def grown(self) -> Iterator[str]:
        """In words, what is not flat."""
        for part, life in self.last_lives():
            for what, allowed in _MAY_GROW.items():
                values = [float(getattr(size, what)) for size in life]
                more = median(quarter(values, 3)) - median(quarter(values, 1))
                if more > allowed:
                    yield f"{part}: {more:.1f} {what} more in the last quarter than in the second"

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


def slope_an_hour(points: Iterable[tuple[float, float]]) -> float:
    """Least squares over (seconds, value) after the first quarter, an hour; 0 for fewer than two points."""
    later = list(points)
    later = later[len(later) // 4 :]
    if len(later) < 2:
        return 0.0
    middle, level = (sum(axis) / len(later) for axis in zip(*later, strict=True))
    spread = sum((at - middle) ** 2 for at, _ in later)
    return _HOUR * sum((at - middle) * (value - level) for at, value in later) / spread if spread else 0.0


def quarter(values: Sequence[float], number: int) -> Sequence[float]:
    """The ``number``-th quarter, from 0."""
    return values[len(values) * number // 4 : len(values) * (number + 1) // 4]


def describe(sizes: SizeOverTime, served: Sequence[Served]) -> Iterator[str]:
    """Lines for people: each part's size and slopes, the ledger, and how long honest senders waited."""
    for part, life in sizes.last_lives():
        slopes = ", ".join(
            f"{slope_an_hour((s.at, float(getattr(s, what))) for s in life):+.1f} {what}" for what in _MAY_GROW
        )
        yield (
            f"{part:16} {(life[-1].at - life[0].at) / 60:5.1f} min, {median(s.megabytes for s in life):4.0f} MB, "
            f"{life[-1].threads} threads, {life[-1].descriptors} descriptors; an hour: {slopes}"
        )
    if len(sizes.ledger) > 1 and (more := sizes.ledger[-1].instances - sizes.ledger[0].instances):
        grown = 1000 * (sizes.ledger[-1].megabytes - sizes.ledger[0].megabytes)
        yield f"ledger: {sizes.ledger[-1].megabytes:.1f} MB, {grown / more:.2f} kB an instance"
    seconds = [one.seconds for one in sorted(served, key=lambda one: one.at)]
    if len(seconds) >= _SAMPLES_TO_JUDGE:
        whole, second, last = (1000 * percentile(v, 0.99) for v in (seconds, quarter(seconds, 1), quarter(seconds, 3)))
        yield (
            f"{len(seconds)} honest senders, association and first store: median {1000 * median(seconds):.0f} ms, "
            f"p99 {whole:.0f} ms (second quarter {second:.0f}, last quarter {last:.0f})"
        )


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _size(now: float, part: str, process: psutil.Process) -> Size:
    with process.oneshot():
        megabytes = process.memory_info().rss / 1e6
        return Size(now, part, process.pid, megabytes, process.num_threads(), process.num_fds())
