"""How long work says how far it is, without knowing who listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""

_LINE_SECONDS: Final = 30.0


def silent(what: str, done: int, of: int) -> None:
    """A listener that says nothing."""


@contextmanager
def progress_on_stderr() -> Iterator[Progress]:
    """One bar for every kind of work where stderr is a terminal; plain lines now and then where it is a file."""
    console = Console(stderr=True)
    if not console.is_interactive:
        yield PlainLines(lambda line: console.out(line, highlight=False))
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=console) as bars:
        tasks = {}

        def show(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=of)
            bars.update(tasks[what], completed=done)

        yield show


class PlainLines:
    """A listener for a log: a line when a kind of work is done, and one each half minute in between."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = monotonic) -> None:
        self._say, self._clock = say, clock
        self._said_at = clock()

    def __call__(self, what: str, done: int, of: int) -> None:
        """``what: n of m``, where it is time for a line."""
        now = self._clock()
        if done >= of or now - self._said_at >= _LINE_SECONDS:
            self._said_at = now
            self._say(f"{what}: {done} of {of}")
