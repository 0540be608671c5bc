"""Transactions of several associations end as one: they wait for one fsync together instead of each for its own.

Whoever comes while a transaction is on its way to the disk waits, with all others that do, for the next one. Nobody
waits for company: one that comes alone goes alone, at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from dicom_node.errors import LedgerBusyError
from dicom_node.ledger.ledger import Ledger

T = TypeVar("T")


@dataclass(eq=False)
class _Act:
    """What one caller wants done, and how it ended."""

    do: Callable[[Session], Any]
    done: bool = False
    value: Any = None
    error: Exception | None = None


class GroupCommit:
    """Writes to one ledger from many threads. There is no thread of its own: the first of a group writes for all."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: list[_Act] = []
        self._joining, self._writing = threading.Lock(), threading.Lock()

    def write(self, do: Callable[[Session], T]) -> T:
        """Call ``do`` with a transaction; when this returns, what it did is on disk.

        It may be called a second time with another transaction, when the first did not stand because of somebody
        else's error. Raises what ``do`` raises, and LedgerBusyError; then nothing of it stands.
        """
        act = _Act(do)
        with self._joining:
            self._waiting.append(act)
        with self._writing:
            if not act.done:
                with self._joining:
                    group, self._waiting = self._waiting, []
                self._write_together(group)
        if act.error is not None:
            raise act.error
        value: T = act.value
        return value

    def _write_together(self, group: list[_Act]) -> None:
        try:
            with self._ledger.write() as session:
                values = [act.do(session) for act in group]
        except LedgerBusyError as busy:  # so it would be for each of them
            for act in group:
                act.error, act.done = busy, True
        except Exception as error:  # one of them: it alone is to suffer
            if len(group) > 1:
                for act in group:
                    self._write_together([act])
            else:
                group[0].error, group[0].done = error, True
        else:
            for act, value in zip(group, values, strict=True):
                act.value, act.done = value, True
