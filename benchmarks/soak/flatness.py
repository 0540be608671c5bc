"""Is the node as large at the end as before, and as quick: the last life of each process, the ledger, the waits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import Final

from benchmarks.soak.honest_senders import Served
from benchmarks.soak.size_over_time import LedgerSize, Size

_HOUR: Final = 3600.0
_ENOUGH_TO_JUDGE: Final = 40
_MAY_GROW: Final = {"megabytes": 5.0, "threads": 1.0, "descriptors": 8.0}
"""From the second quarter of a process's life to its last: what an allocator and a pool of connections keep."""


def grown(sizes: Sequence[Size]) -> Iterator[str]:
    """In words, what is not flat."""
    for part, life in _last_lives(sizes):
        for what, allowed in _MAY_GROW.items():
            values = [float(getattr(size, what)) for size in life]
            more = median(_quarter(values, 3)) - median(_quarter(values, 1))
            if more > allowed:
                yield f"{part}: {more:.1f} {what} more in the last quarter than in the second"


def describe(sizes: Sequence[Size], ledger: Sequence[LedgerSize], served: Sequence[Served]) -> Iterator[str]:
    """Lines for people: each part's size and slopes, the ledger, and how long honest senders waited."""
    for part, life in _last_lives(sizes):
        slopes = (f"{_slope([(s.at, getattr(s, what)) for s in life]):+.1f} {what}" for what in _MAY_GROW)
        yield (
            f"{part:16} {(life[-1].at - life[0].at) / 60:5.1f} min, {median(s.megabytes for s in life):4.0f} MB, "
            f"{life[-1].threads} threads, {life[-1].descriptors} descriptors; an hour: {', '.join(slopes)}"
        )
    if len(ledger) > 1 and (more := ledger[-1].instances - ledger[0].instances):
        each = 1000 * (ledger[-1].megabytes - ledger[0].megabytes) / more
        yield f"ledger: {ledger[-1].megabytes:.1f} MB, {each:.2f} kB an instance"
    seconds = [one.seconds for one in sorted(served, key=lambda one: one.at)]
    if len(seconds) >= _ENOUGH_TO_JUDGE:
        whole, second, last = (1000 * _p99(v) for v in (seconds, _quarter(seconds, 1), _quarter(seconds, 3)))
        yield (
            f"{len(seconds)} honest senders, association and first store: median {1000 * median(seconds):.0f} ms, "
            f"p99 {whole:.0f} ms (second quarter {second:.0f}, last quarter {last:.0f})"
        )


def _last_lives(sizes: Sequence[Size]) -> Iterator[tuple[str, list[Size]]]:
    """Each part's last process that lived long enough to be judged; of decoding children the last two."""
    for part in sorted({size.part for size in sizes}):
        lives: dict[int, list[Size]] = {}
        for size in sizes:
            if size.part == part:
                lives.setdefault(size.pid, []).append(size)
        long = [life for life in lives.values() if len(life) >= _ENOUGH_TO_JUDGE]
        yield from ((part, life) for life in long[-2 if part == "decoding child" else -1 :])


def _slope(points: Iterable[tuple[float, float]]) -> float:
    """Least squares over (seconds, value) after the first quarter, an hour."""
    later = list(points)
    later = later[len(later) // 4 :]
    middle, level = (sum(axis) / len(later) for axis in zip(*later, strict=True))
    spread = sum((at - middle) ** 2 for at, _ in later)
    a_second: float = sum((at - middle) * (value - level) for at, value in later) / spread
    return _HOUR * a_second


def _quarter(values: Sequence[float], number: int) -> Sequence[float]:
    """The ``number``-th quarter, from 0."""
    return values[len(values) * number // 4 : len(values) * (number + 1) // 4]


def _p99(values: Sequence[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]
