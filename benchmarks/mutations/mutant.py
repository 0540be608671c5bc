"""One guard of the code, and the code without it."""

from __future__ import annotations

import ast
import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """One guard taken away. ``start`` and ``end`` are offsets into the UTF-8 bytes of the file."""

    path: str
    """Relative to the root of the repository."""
    function: str
    """Qualified name of the function that holds it; empty: the file's own level."""
    kind: str
    removed: str
    """The guard as it is written, on one line."""
    start: int
    end: int
    replacement: str
    number: int
    """Tells guards of one function apart that are written alike."""
    fingerprint: str
    """Changes with the source of the function: an older verdict then says nothing."""

    @property
    def name(self) -> str:
        """The same for as long as the guard stands in its function."""
        again = f" #{self.number}" if self.number else ""
        return f"{self.path}:{self.function or '-'}: {self.removed} -> {self.replacement}{again}"

    def applied(self, source: bytes) -> bytes:
        """The file without the guard. Raises SyntaxError when that is no Python."""
        text = source[: self.start] + self.replacement.encode() + source[self.end :]
        ast.parse(text)
        return text


def on_one_line(source: str) -> str:
    """A piece of source as the table shows it."""
    return " ".join(source.split())


def fingerprint(text: str) -> str:
    """What tells one version of a function from the next."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
