"""What is wrong with a table, collected, so that its owner corrects all of it at once."""

from __future__ import annotations

from typing import Final

from scoring.errors import LabelError

_MOST_NAMED: Final = 20


class TableFaults:
    """Faults of the table in the file ``name``; nothing is raised before ``raise_if_any``."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._said: list[str] = []

    def cell(self, row: int, column: str, found: str, wanted: str) -> None:
        """A wrong cell; ``row`` counts lines as a spreadsheet does, the header being row 1."""
        self.row(row, column, f"found {found!r}, wanted {wanted}")

    def row(self, row: int, column: str, said: str) -> None:
        """A fault that is not the text of one cell: two rows that contradict each other."""
        self._said.append(f"{self._name}, row {row}, {column}: {said}.")

    def whole(self, said: str) -> None:
        """A fault of no one row."""
        self._said.append(f"{self._name}: {said}.")

    def raise_if_any(self) -> None:
        """LabelError with a line for each fault, the first twenty, and how many more there are."""
        if not self._said:
            return
        lines = self._said[:_MOST_NAMED]
        if more := len(self._said) - len(lines):
            lines.append(f"... and {more} more.")
        raise LabelError("\n".join(lines))
