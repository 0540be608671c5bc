"""Where an error that nobody foresaw came from: its kind and its lines, without a word of what it says.

The text of an exception may quote what broke it, and that may be a patient's: a name that cannot be decoded, a row
that the database refused. The lines of the program hold no values and are what mends it.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_MOST_LINES: Final = 12
"""The innermost ones of each error."""


def error_places(error: BaseException) -> list[str]:
    """A text for the error and for each that led to it: ``ValueError: system.py:31 score < inference.py:88 …``."""
    return [f"{type(one).__name__}: {_lines(one)}" for one in _chain(error)]


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        if isinstance(one, BaseExceptionGroup):
            for member in one.exceptions:
                yield from _chain(member)
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)


def _lines(error: BaseException) -> str:
    frames = [(frame.f_code, number) for frame, number in traceback.walk_tb(error.__traceback__)]
    innermost = list(reversed(frames))[:_MOST_LINES]
    return " < ".join(f"{Path(code.co_filename).name}:{number} {code.co_name}" for code, number in innermost) or "?"
