"""What is drawn or searched film by film, in several processes or in this one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, Final, TypeVar

from scoring.networks.torch_start import start_torch

Page = TypeVar("Page")
WORKERS: Final = 2
"""Of a training, which has nothing else to do while its pictures are drawn."""


def in_processes(page: Callable[..., Page], *rows: Sequence[Any], workers: int, chunk: int = 1) -> Iterator[Page]:
    """``page`` of the first of each of ``rows``, of the second, and so on, in this order, as ``map``.

    ``workers``: processes beside this one, which take ``chunk`` at a time. What one of them would do alone is done
    here: nothing is gained by waiting for another process that loads torch first.
    """
    if workers == 1 or len(rows[0]) <= chunk:
        yield from map(page, *rows)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=start_torch) as pool:
        yield from pool.map(page, *rows, chunksize=chunk)
